// What people do about an incident: say who sees to it, write down what they found, close it.
import { useState } from "../../vendor/preact-hooks.mjs";
import { html } from "../html.js";
import { may } from "../session.js";
import { t } from "../words.js";
import { Deed, Words } from "./deed.js";
import { Empty } from "./states.js";

const ROLES = ["operator", "supervisor", "engineer"];

function Assign({ incident, path, again }) {
  const { assigned_unit: unit, assigned_role: role, revision } = incident;
  const [who, setWho] = useState(role || "unit");
  const choices = [["unit", t("incident.unit")], ...ROLES.map((name) => [name, t(`role.${name}`)]), ["", t("incident.nobody")]];
  const body = (elements) => (who === "unit" ? { unit: elements.unit.value } : { role: who || null });
  return html`<${Deed} path="${path}/assign" revision=${revision} label=${t("incident.assign")} body=${body} again=${again}>
    <label class="field"><span>${t("field.assigned")}</span>
      <select name="who" onChange=${(change) => setWho(change.currentTarget.value)}>
        ${choices.map(([value, words]) => html`<option key=${value} value=${value} selected=${value === who}>${words}</option>`)}
      </select></label>
    ${who === "unit" &&
    html`<label class="field wide"><span>${t("incident.unit")}</span>
      <input name="unit" defaultValue=${unit} maxlength="200" required autocomplete="off" /></label>`}
  <//>`;
}

export function IncidentWork({ incident, again }) {
  const path = `/incidents/${incident.incident_id}`;
  const { state, revision } = incident;
  const title = t("incident.work");
  if (state === "closed") {
    return html`<section class="panel" aria-label=${title}><h2>${title}</h2><${Empty}>${t("incident.work.closed")}<//></section>`;
  }
  if (!may("incidents:write") && !may("incidents:close")) {
    return html`<section class="panel" aria-label=${title}><h2>${title}</h2><${Empty} icon="lock">${t("incident.work.forbidden")}<//></section>`;
  }
  return html`<section class="panel work" aria-label=${title}>
    <h2>${title}</h2>
    ${may("incidents:write") &&
    html`<${Assign} key=${`${incident.assigned_unit}/${incident.assigned_role}`} incident=${incident} path=${path} again=${again} />
      <${Deed} path="${path}/notes" label=${t("incident.note")} again=${again} body=${(elements) => ({ words: elements.words.value })}>
        <${Words} name="words" label=${t("incident.note.label")} hint=${t("incident.note.hint")} />
      <//>`}
    ${may("incidents:close")
      ? html`<${Deed} path="${path}/close" revision=${revision} label=${t("incident.close")} again=${again}
          body=${(elements) => ({ reason: elements.reason.value })}>
          <${Words} name="reason" label=${t("incident.close.label")} hint=${t("incident.close.hint")} />
        <//>`
      : html`<p class="muted">${t("incident.close.forbidden")}</p>`}
  </section>`;
}
