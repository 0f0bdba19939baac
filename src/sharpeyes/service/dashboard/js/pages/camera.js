import { withQuery } from "../api.js";
import { html } from "../html.js";
import { CameraFile } from "../parts/camera-file.js";
import { CameraForm } from "../parts/camera-form.js";
import { CameraPictures } from "../parts/camera-pictures.js";
import { Changes } from "../parts/changes.js";
import { CASE_CHANGED } from "../parts/event-words.js";
import { Evidence } from "../parts/evidence.js";
import { FalseAlarms } from "../parts/false-alarms.js";
import { Assigned, Deadline, IncidentLink } from "../parts/incident-words.js";
import { LifePanel } from "../parts/life.js";
import { CameraMark, IncidentStateMark, StatusMark } from "../parts/marks.js";
import { Past } from "../parts/past.js";
import { Empty, Shown } from "../parts/states.js";
import { Zones } from "../parts/zones.js";
import { useResource } from "../resource.js";
import { address, refine } from "../route.js";
import { may } from "../session.js";
import { Time } from "../times.js";
import { hasWord, t, word } from "../words.js";
import { EventList } from "./events.js";

const SHOWN_EVENTS = 10;
const SHOWN_INCIDENTS = 5;

function History({ camera }) {
  const { transitions, status } = camera;
  return html`<section class="panel" aria-label=${t("camera.history")}>
    <h2>${t("camera.history")}</h2>
    ${transitions.length === 0
      ? html`<${Empty} icon="question">${t(status === "not_measured" ? "camera.history.never" : "camera.history.empty")}<//>`
      : html`<ol class="transitions">
          ${transitions.map(
            (change) =>
              html`<li key=${change.at}>
                <${Time} at=${change.at} />
                <span class="change"><${StatusMark} status=${change.from_status} label=${false} />
                  <span aria-hidden="true">→</span><${StatusMark} status=${change.to_status} /></span>
                <span>${change.cause && html`<strong>${word("cause", change.cause)}</strong>`}${" "}
                  <${Evidence} text=${change.evidence} /></span>
              </li>`,
          )}
        </ol>`}
  </section>`;
}

function CameraHead({ camera }) {
  return html`<header class="head">
    <h1>${camera.name}</h1>
    <p class="head-status"><${CameraMark} camera=${camera} />
      ${camera.cause && html`<strong>${word("cause", camera.cause)}</strong>`}
      ${camera.since && html`<${Time} at=${camera.since} since />`}
      <${Evidence} text=${camera.evidence} /></p>
    ${camera.cause && hasWord(`do.${camera.cause}`) && html`<p class="muted">${t(`do.${camera.cause}`)}</p>`}
    ${camera.status === "not_measured" && html`<p class="muted">${t("camera.not_measured")}</p>`}
  </header>`;
}

/** What is open of it, and what was: who is on it, and by when. */
function CameraIncidents({ code }) {
  const resource = useResource(withQuery("/incidents", { device_code: code, state: "any", limit: SHOWN_INCIDENTS }), ["incident"]);
  return html`<section class="panel" aria-label=${t("camera.incidents")}>
    <h2>${t("camera.incidents")}<a href=${address("incidents", { query: { camera: code, state: "any" } })}>${t("camera.incidents.all")}</a></h2>
    <${Shown} resource=${resource}>${({ incidents }) =>
      incidents.length === 0
        ? html`<${Empty}>${t("camera.incidents.empty")}<//>`
        : html`<ul class="camera-incidents">${incidents.map((incident) => html`<li key=${incident.incident_id}>
            <${IncidentStateMark} state=${incident.state} />
            <span><${IncidentLink} incident=${incident} /> <span class="muted">${word("cause", incident.cause)}</span></span>
            ${incident.state !== "closed" && html`<${Deadline} incident=${incident} /><${Assigned} incident=${incident} />`}
            <${Time} at=${incident.began_at} /></li>`)}</ul>`}<//>
  </section>`;
}

function CameraEvents({ code }) {
  const events = useResource(withQuery("/events", { camera: code, without: CASE_CHANGED, limit: SHOWN_EVENTS }), ["event"]);
  return html`<section class="panel" aria-label=${t("camera.events")}>
    <h2>${t("camera.events")}<a href=${address("events", { query: { camera: code } })}>${t("camera.events.all")}</a></h2>
    <${FalseAlarms} code=${code} />
    <${Shown} resource=${events}>${({ events: rows }) =>
      rows.length === 0
        ? html`<${Empty} icon="events">${t("events.empty")}<//>`
        : html`<${EventList} events=${rows} />`}<//>
  </section>`;
}

export function CameraPage({ id: code, query }) {
  const resource = useResource(`/cameras/${encodeURIComponent(code)}`, ["status", "camera"]);
  const mayEdit = may("cameras:write");
  const again = () => resource.again();
  const seen = () => {
    refine({ edit: null });
    again();
  };
  return html`<p class="crumbs"><a href=${address("cameras")}>${t("page.cameras")}</a></p>
    <${Shown} resource=${resource}>${(camera) => html`
      <${CameraHead} camera=${camera} />
      ${mayEdit && query.edit
        ? html`<${CameraForm} camera=${camera} onDone=${seen} />`
        : html`<div class="camera-parts">
            <${CameraFile} camera=${camera} mayEdit=${mayEdit} />
            <div class="camera-side">
              ${may("incidents:read") && html`<${CameraIncidents} code=${code} />`}
              ${camera.status !== "not_measured" && html`<${CameraPictures} camera=${camera} mayEdit=${mayEdit} />`}
              <${Past} code=${code} since=${camera.since} query=${query} />
              <${LifePanel} camera=${camera} mayEdit=${mayEdit} onDone=${again} />
              <${History} camera=${camera} />
              <section class="panel" aria-label=${t("camera.zones")}>
                <h2>${t("camera.zones")}</h2>
                ${camera.zones.length === 0
                  ? html`<${Empty} icon="picture">${t("camera.zones.empty")}<//>`
                  : html`<${Zones} zones=${camera.zones} />`}
              </section>
              <${Changes} code=${code} query=${query} />
            </div>
            ${may("events:read") && html`<${CameraEvents} code=${code} />`}
          </div>`}`}<//>`;
}
