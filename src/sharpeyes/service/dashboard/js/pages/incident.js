import { useState } from "../../vendor/preact-hooks.mjs";
import { useDivisions } from "../divisions.js";
import { html } from "../html.js";
import { CameraLink, Copyable } from "../parts/camera-name.js";
import { Evidence } from "../parts/evidence.js";
import { Assigned, Deadline, incidentTitle } from "../parts/incident-words.js";
import { IncidentWork } from "../parts/incident-work.js";
import { IncidentStateMark, LightMark, StatusMark } from "../parts/marks.js";
import { Shown } from "../parts/states.js";
import { useResource } from "../resource.js";
import { address } from "../route.js";
import { Time } from "../times.js";
import { hasWord, t, word } from "../words.js";

const SHOWN_CAMERAS = 50;

const Row = ({ name, children }) => html`<div><dt>${t(`field.${name}`)}</dt><dd>${children}</dd></div>`;

/** What is wrong, what was seen, and what to do about it. */
function What({ incident, nameOf }) {
  const { kind, cause, evidence, decided_by: check, division_code: division } = incident;
  return html`<section class="panel" aria-label=${t("incident.what")}>
    <h2>${t("incident.what")}</h2>
    <p><strong>${word("cause", cause)}</strong> <${Evidence} text=${evidence} /></p>
    ${hasWord(`do.${cause}`) && kind === "camera" && html`<p class="muted explained">${t(`do.${cause}`)}</p>`}
    ${kind !== "camera" && html`<p class="muted explained">${t(`incident_do.${kind}`)}</p>`}
    <dl class="file">
      <${Row} name="kind">${word("incident_kind", kind)}<//>
      ${check && html`<${Row} name="decided_by">${word("check", check)}<//>`}
      <${Row} name="division">${division
        ? html`<a href=${address("overview", { query: { division } })}>${nameOf(division)}</a>`
        : t("incident.city")}<//>
      <${Row} name="began"><${Time} at=${incident.began_at} /><//>
      <${Row} name="opened"><${Time} at=${incident.opened_at} />
        ${incident.times_opened > 1 && html` <span class="tag">${t("incident.times_opened", { count: incident.times_opened })}</span>`}<//>
      ${incident.recovering_at && html`<${Row} name="recovering"><${Time} at=${incident.recovering_at} /><//>`}
      ${incident.closed_at && html`<${Row} name="closed"><${Time} at=${incident.closed_at} /><//>
        <${Row} name="closed_by">${incident.closed_by || t("incident.by_service")}<//>
        <${Row} name="reason"><${Evidence} text=${incident.close_reason} /><//>`}
    </dl>
  </section>`;
}

function Touched({ incident }) {
  const [all, setAll] = useState(false);
  const { touched, cameras } = incident;
  const shown = all ? touched : touched.slice(0, SHOWN_CAMERAS);
  return html`<section class="panel" aria-label=${t("incident.cameras")}>
    <h2>${t("incident.cameras")}<span class="as-of muted">${t("cameras.number", { count: cameras })}</span></h2>
    <ul class="touched">${shown.map(
      (camera) => html`<li key=${camera.device_code}>
        <${StatusMark} status=${camera.status} />
        <${CameraLink} code=${camera.device_code} name=${camera.name} />
        <${Copyable}>${camera.device_code}<//>
        <span class="muted">${camera.left_at ? t("incident.left") : ""}</span>
      </li>`,
    )}</ul>
    ${touched.length > shown.length &&
    html`<p class="buttons"><button type="button" onClick=${() => setAll(true)}>${t("incident.show_all", { count: touched.length })}</button></p>`}
    ${cameras > touched.length && html`<p class="more">${t("incident.first", { shown: touched.length, count: cameras })}</p>`}
  </section>`;
}

/** Of some steps the words are the service's, and say again what the step's own word says. */
function StepWords({ step: { step, words } }) {
  if (step === "assigned") return html`<span>${words ? (hasWord(`role.${words}`) ? t(`role.${words}`) : words) : t("incident.nobody")}</span>`;
  if (step === "light") {
    const light = ["red", "yellow", "blue"].find((name) => words.includes(name));
    if (light) return html`<${LightMark} light=${light} />`;
  }
  if (step === "note") return html`<span class="note">${words}</span>`;
  return html`<${Evidence} text=${words} />`;
}

const Steps = ({ steps }) => html`<section class="panel" aria-label=${t("incident.history")}>
  <h2>${t("incident.history")}</h2>
  <ol class="steps">${[...steps].reverse().map(
    (step) => html`<li key=${`${step.at}${step.step}${step.words}`} class="step-${step.step}">
      <${Time} at=${step.at} />
      <strong>${word("step", step.step)}</strong>
      <span class="muted">${step.actor || t("incident.by_service")}</span>
      <${StepWords} step=${step} />
    </li>`,
  )}</ol>
</section>`;

function Loaded({ incident, again }) {
  const { nameOf } = useDivisions();
  return html`
    <header class="head">
      <h1>${incidentTitle(incident)}</h1>
      <p class="head-status"><${IncidentStateMark} state=${incident.state} /><${Deadline} incident=${incident} />
        <span>${t("field.assigned")}${t("colon")}<${Assigned} incident=${incident} /></span>
        <span class="muted">${t("incident.number", { number: String(incident.incident_id) })}${t("separator")}${t("camera.revision", { revision: incident.revision })}</span></p>
    </header>
    <div class="incident-parts">
      <div class="incident-side">
        <${What} incident=${incident} nameOf=${nameOf} />
        <${Touched} incident=${incident} />
      </div>
      <div class="incident-side">
        <${IncidentWork} incident=${incident} again=${again} />
        <${Steps} steps=${incident.steps} />
      </div>
    </div>`;
}

export function IncidentPage({ id }) {
  const resource = useResource(`/incidents/${encodeURIComponent(id)}`, ["incident", "status"]);
  return html`<p class="crumbs"><a href=${address("incidents")}>${t("page.incidents")}</a></p>
    <${Shown} resource=${resource}>${(incident) => html`<${Loaded} incident=${incident} again=${() => resource.again()} />`}<//>`;
}
