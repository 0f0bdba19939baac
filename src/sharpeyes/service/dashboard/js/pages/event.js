import { html } from "../html.js";
import { CameraLink, Copyable } from "../parts/camera-name.js";
import { CasePanel, mayHaveCase } from "../parts/case-panel.js";
import { eventSummary, eventTitle } from "../parts/event-words.js";
import { DeliveryMark, SeverityMark } from "../parts/marks.js";
import { Picture } from "../parts/picture.js";
import { Empty, Shown } from "../parts/states.js";
import { useResource } from "../resource.js";
import { address } from "../route.js";
import { Time } from "../times.js";
import { formatDuration, hasWord, t, word } from "../words.js";

// How a field of an event's data is shown; one that is not here is shown as the service gave it.
const SHOWN = {
  phase: (value) => word("phase", value),
  from_status: (value) => word("status", value),
  to_status: (value) => word("status", value),
  cause: (value) => word("cause", value),
  dwell_s: (value) => formatDuration(value * 1000),
  started_at: (value) => html`<${Time} at=${value} />`,
  ended_at: (value) => html`<${Time} at=${value} />`,
  verified: (value) => t(value ? "event.verified.true" : "event.verified.false"),
  box_xyxy: (value) => html`<code>${value.map(Math.round).join(", ")}</code>`,
};
// The picture says these by itself.
const LEFT_OUT = new Set(["picture_width_px", "picture_height_px"]);

function dataRows({ data }) {
  return Object.entries(data)
    .filter(([key]) => !LEFT_OUT.has(key))
    .map(([key, value]) => {
      const label = hasWord(`data.${key}`) ? t(`data.${key}`) : html`<code>${key}</code>`;
      const empty = value === null || value === undefined || value === "";
      const plain = typeof value === "object" ? html`<code>${JSON.stringify(value)}</code>` : String(value);
      const known = key in SHOWN;
      return { key, label, shown: empty ? html`<span class="muted">${t("none")}</span>` : known ? SHOWN[key](value) : plain };
    });
}

const EventFile = ({ event }) => html`<section class="panel" aria-label=${t("event.data")}>
  <h2>${t("event.data")}</h2>
  <dl class="file">
    <div><dt>${t("field.camera")}</dt><dd><${CameraLink} code=${event.device_code} name=${event.camera_name} /></dd></div>
    <div><dt>${t("field.device_code")}</dt><dd><${Copyable}>${event.device_code}<//></dd></div>
    <div><dt>${t("field.occurred_at")}</dt><dd><${Time} at=${event.occurred_at} /></dd></div>
    <div><dt>${t("field.recorded_at")}</dt><dd><${Time} at=${event.recorded_at} /></dd></div>
    ${dataRows(event).map(({ key, label, shown }) => html`<div key=${key}><dt>${label}</dt><dd>${shown}</dd></div>`)}
    <div><dt>${t("field.event_id")}</dt><dd><${Copyable}>${event.event_id}<//></dd></div>
    <div><dt>${t("field.type")}</dt><dd><${Copyable}>${event.type}<//></dd></div>
    <div><dt>${t("field.sequence")}</dt><dd>${event.sequence}</dd></div>
  </dl>
</section>`;

const Deliveries = ({ deliveries }) => html`<section class="panel" aria-label=${t("event.deliveries")}>
  <h2>${t("event.deliveries")}</h2>
  ${deliveries.length === 0
    ? html`<${Empty} icon="events">${t("delivery.nobody.help")}<//>`
    : html`<table class="deliveries">
        <thead><tr>${["endpoint", "state", "attempts", "delivered_at"].map((name) => html`<th key=${name} scope="col">${t(`field.${name}`)}</th>`)}</tr></thead>
        <tbody>${deliveries.map(
          (delivery) =>
            html`<tr key=${delivery.endpoint}>
              <td>${delivery.endpoint}</td><td><${DeliveryMark} state=${delivery.state} /></td>
              <td>${delivery.attempt_count}</td><td><${Time} at=${delivery.delivered_at} /></td>
            </tr>`,
        )}</tbody>
      </table>`}
</section>`;

export function EventPage({ id }) {
  const resource = useResource(`/events/${encodeURIComponent(id)}`, ["event"]);
  return html`<p class="crumbs"><a href=${address("events")}>${t("page.events")}</a></p>
    <${Shown} resource=${resource}>${(event) => html`
      <header class="head">
        <h1>${eventTitle(event)}</h1>
        <p class="head-status"><${SeverityMark} severity=${event.severity} />
          <${CameraLink} code=${event.device_code} name=${event.camera_name} /><${Time} at=${event.occurred_at} />
          <span class="muted">${eventSummary(event)}</span></p>
      </header>
      <div class="event-parts ${event.has_picture ? "" : "without-picture"}">
        ${event.has_picture && html`<figure class="panel event-evidence"><${Picture} event=${event} />
          <figcaption class="muted">${t("picture.recorded")}</figcaption></figure>`}
        <div class="event-facts">${mayHaveCase(event) && html`<${CasePanel} event=${event} />`}<${EventFile} event=${event} /><${Deliveries} deliveries=${event.deliveries} /></div>
      </div>`}<//>`;
}
