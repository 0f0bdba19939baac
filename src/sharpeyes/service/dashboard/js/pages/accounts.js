// Who may sign in, and as what; changed here by who administers accounts.
import { useState } from "../../vendor/preact-hooks.mjs";
import { post, remove } from "../api.js";
import { useDivisions } from "../divisions.js";
import { html } from "../html.js";
import { Confirm, Refused } from "../parts/confirm.js";
import { DivisionPicker } from "../parts/division-picker.js";
import { Empty, Shown } from "../parts/states.js";
import { useResource } from "../resource.js";
import { may } from "../session.js";
import { Time } from "../times.js";
import { t, word } from "../words.js";

const ROLES = ["operator", "supervisor", "engineer", "auditor", "account_administrator"];

function NewAccount({ onDone }) {
  const [division, setDivision] = useState("");
  const [problem, setProblem] = useState(null);
  async function onSubmit(submit) {
    submit.preventDefault();
    const form = submit.currentTarget;
    const { login_name: name, password, role } = form.elements;
    const body = { login_name: name.value.trim(), password: password.value, role: role.value, division_code: division || null };
    const answer = await post("/accounts", body);
    setProblem(answer.ok ? null : answer);
    if (!answer.ok) return;
    form.reset();
    setDivision("");
    onDone();
  }
  return html`<form class="panel" onSubmit=${onSubmit} aria-label=${t("accounts.new")}>
    <h2>${t("accounts.new")}</h2>
    <div class="fields">
      <div class="field"><label for="login_name">${t("accounts.login_name")}</label><input id="login_name" name="login_name" required autocomplete="off" /></div>
      <div class="field"><label for="password">${t("accounts.password")}</label><input id="password" name="password" type="password" required autocomplete="new-password" /></div>
      <div class="field"><label for="role">${t("accounts.role")}</label><select id="role" name="role">${ROLES.map((name) => html`<option key=${name} value=${name}>${t(`role.${name}`)}</option>`)}</select></div>
      <div class="field"><label for="reach">${t("accounts.division")}</label><${DivisionPicker} id="reach" name="division" value=${division} onPick=${setDivision} empty=${t("accounts.whole_city")} /></div>
    </div>
    ${problem && html`<${Refused} problem=${problem} />`}
    <p class="buttons"><button type="submit" class="primary">${t("accounts.add")}</button></p>
  </form>`;
}

export function AccountsPage() {
  const resource = useResource("/accounts", []);
  const { nameOf } = useDivisions();
  const [ending, setEnding] = useState(null);
  const mayWrite = may("accounts:write");
  return html`<h1 class="only-read">${t("page.accounts")}</h1>
    <section class="panel">
      <${Shown} resource=${resource}>${({ accounts }) =>
        accounts.length === 0
          ? html`<${Empty} icon="accounts"><strong>${t("accounts.empty")}</strong><p>${t("accounts.empty.help")}</p><//>`
          : html`<div class="table-frame"><table class="accounts">
              <thead><tr>${["login_name", "role", "division", "created", "state"].map((name) => html`<th key=${name} scope="col">${t(`accounts.${name}`)}</th>`)}</tr></thead>
              <tbody>${accounts.map(
                (account) => html`<tr key=${account.login_name}>
                  <td><strong>${account.login_name}</strong></td><td>${word("role", account.role)}</td>
                  <td>${account.division_code ? nameOf(account.division_code) : t("accounts.whole_city")}</td>
                  <td><${Time} at=${account.created_at} /></td>
                  <td>${account.disabled_at ? html`${t("accounts.disabled")} <${Time} at=${account.disabled_at} />` : t("accounts.active")}
                    ${mayWrite && !account.disabled_at && html` <button type="button" onClick=${() => setEnding(account.login_name)}>${t("accounts.disable")}</button>`}</td>
                </tr>`,
              )}</tbody></table></div>`}<//>
    </section>
    ${mayWrite && html`<${NewAccount} onDone=${resource.again} />`}
    ${ending &&
    html`<${Confirm} title=${t("accounts.disable.title", { name: ending })} doing=${t("accounts.disable")}
      act=${() => remove(`/accounts/${encodeURIComponent(ending)}`)} onDone=${resource.again} onClose=${() => setEnding(null)}>
      <p>${t("accounts.disable.help")}</p><//>`}`;
}
