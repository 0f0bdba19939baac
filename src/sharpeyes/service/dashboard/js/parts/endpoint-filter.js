// Which events are sent to an endpoint, and changing that.
import { useState } from "../../vendor/preact-hooks.mjs";
import { patch } from "../api.js";
import { useDivisions } from "../divisions.js";
import { html } from "../html.js";
import { t } from "../words.js";
import { Refused } from "./confirm.js";
import { DivisionPicker } from "./division-picker.js";
import { EVENT_TYPES, shortType } from "./event-words.js";
import { Wanted } from "./endpoint-words.js";
import { TIERS } from "./marks.js";

const SEVERITIES = ["alert", "warning", "info"];

/** Ticks of which none means every one. options: [value, words] pairs. */
const Ticks = ({ legend, options, chosen, onChange }) => html`<fieldset class="field wide">
  <legend>${legend}</legend>
  <div class="ticks">${options.map(
    ([value, words]) => html`<label key=${value}><input type="checkbox" checked=${chosen.includes(value)}
      onChange=${(change) => onChange(change.currentTarget.checked ? [...chosen, value] : chosen.filter((one) => one !== value))} />${words}</label>`,
  )}</div>
</fieldset>`;

function Divisions({ chosen, onChange }) {
  const { nameOf } = useDivisions();
  return html`<div class="field wide"><label for="endpoint-division">${t("field.division")}</label>
    ${chosen.length > 0 &&
    html`<p class="ticks">${chosen.map(
      (code) => html`<span key=${code} class="chip">${nameOf(code)}
        <button type="button" class="quiet" aria-label=${t("filter.drop", { name: nameOf(code) })}
          onClick=${() => onChange(chosen.filter((one) => one !== code))}>${"×"}</button></span>`,
    )}</p>`}
    <${DivisionPicker} id="endpoint-division" name="division" value="" empty=${t("endpoint.division.add")}
      onPick=${(code) => code && !chosen.includes(code) && onChange([...chosen, code])} />
  </div>`;
}

function Edit({ endpoint, onDone, onClose }) {
  const { event_types, severities, tiers, division_codes } = endpoint;
  const [draft, setDraft] = useState({ event_types, severities, tiers, division_codes });
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const change = (name) => (value) => setDraft((last) => ({ ...last, [name]: value }));
  async function onSubmit(submit) {
    submit.preventDefault();
    setBusy(true);
    const answer = await patch(`/endpoints/${encodeURIComponent(endpoint.name)}`, draft);
    setBusy(false);
    setProblem(answer.ok ? null : answer);
    if (answer.ok) onDone();
  }
  return html`<form class="fields" onSubmit=${onSubmit} aria-label=${t("endpoint.filter.edit")}>
    <p class="field wide muted">${t("endpoint.filter.help")}</p>
    <${Ticks} legend=${t("field.type")} chosen=${draft.event_types} onChange=${change("event_types")}
      options=${EVENT_TYPES.map((full) => [full, t(`type.${shortType(full)}`)])} />
    <${Ticks} legend=${t("field.severity")} chosen=${draft.severities} onChange=${change("severities")}
      options=${SEVERITIES.map((name) => [name, t(`severity.${name}`)])} />
    <${Ticks} legend=${t("field.tier")} chosen=${draft.tiers} onChange=${change("tiers")}
      options=${TIERS.map((name) => [name, t(`tier.${name}`)])} />
    <${Divisions} chosen=${draft.division_codes} onChange=${change("division_codes")} />
    ${problem && html`<div class="field wide"><${Refused} problem=${problem} /></div>`}
    <p class="buttons field wide"><button type="submit" class="primary" disabled=${busy}>${t("endpoint.filter.save")}</button>
      <button type="button" onClick=${onClose}>${t("cancel")}</button></p>
  </form>`;
}

export function EndpointFilter({ endpoint, mayEdit, again }) {
  const [editing, setEditing] = useState(false);
  const close = () => setEditing(false);
  return html`<section class="panel" aria-label=${t("endpoint.filter")}>
    <h2>${t("endpoint.filter")}</h2>
    ${editing
      ? html`<${Edit} endpoint=${endpoint} onClose=${close} onDone=${() => {
          close();
          again();
        }} />`
      : html`<p><${Wanted} endpoint=${endpoint} /></p>
          ${mayEdit && html`<p class="buttons"><button type="button" onClick=${() => setEditing(true)}>${t("endpoint.filter.edit")}</button></p>`}`}
  </section>`;
}
