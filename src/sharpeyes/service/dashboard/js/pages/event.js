import { get } from "../api.js";
import { html } from "../html.js";
import { CameraLink, Copyable } from "../parts/camera-name.js";
import { CasePanel, casePath, mayHaveCase } from "../parts/case-panel.js";
import { EventTimeline } from "../parts/event-timeline.js";
import { eventSummary, eventTitle, shortType } from "../parts/event-words.js";
import { DeliveryMark, LightMark, SeverityMark } from "../parts/marks.js";
import { Picture } from "../parts/picture.js";
import { Empty, Shown } from "../parts/states.js";
import { useLookAgain, useResource } from "../resource.js";
import { address } from "../route.js";
import { may } from "../session.js";
import { Time } from "../times.js";
import { formatDuration, hasWord, t, word } from "../words.js";

const eventLink = (id) => html`<a href=${address("events", { id })}>${id}</a>`;

// Nothing tells of a delivery that has arrived.
const LOOK_AGAIN_MS = 5000;

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
  first_event_id: eventLink,
  about_event_id: eventLink,
  about_type: (value) => word("type", shortType(value)),
  step: (value) => word("case_step", value),
  state: (value) => word("case_state", value),
  light: (value) => html`<${LightMark} light=${value} />`,
  deadline_at: (value) => html`<${Time} at=${value} />`,
  box_xyxy: (value) => html`<code>${value.map(Math.round).join(", ")}</code>`,
};
// The picture says these by itself.
const LEFT_OUT = new Set(["picture_width_px", "picture_height_px"]);

function dataRows({ data }) {
  return Object.entries(data)
    .filter(([key, value]) => !LEFT_OUT.has(key) && (key !== "first_event_id" || value !== null))
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

const Deliveries = ({ events }) => {
  const deliveries = events.flatMap((event) => event.deliveries.map((delivery) => ({ ...delivery, event })));
  return html`<section class="panel" aria-label=${t("event.deliveries")}>
    <h2>${t("event.deliveries")}</h2>
    ${deliveries.length === 0
      ? html`<${Empty} icon="events">${t("delivery.nobody.help")}<//>`
      : html`<table class="deliveries">
          <thead><tr>${["endpoint", "state", "attempts", "delivered_at"].map((name) => html`<th key=${name} scope="col">${t(`field.${name}`)}</th>`)}</tr></thead>
          <tbody>${deliveries.map(
            ({ event, ...delivery }) =>
              html`<tr key=${`${event.event_id} ${delivery.endpoint}`}>
                <td>${may("endpoints:read") ? html`<a href=${address("endpoints", { id: delivery.endpoint })}>${delivery.endpoint}</a>` : delivery.endpoint}
                  ${events.length > 1 && html` <span class="muted">${eventTitle(event)}</span>`}</td>
                <td><${DeliveryMark} state=${delivery.state} /></td>
                <td>${delivery.attempt_count}</td><td><${Time} at=${delivery.delivered_at} /></td>
              </tr>`,
          )}</tbody>
        </table>`}
  </section>`;
};

/** The zone that an event names, as it is drawn now. */
function useZone({ device_code: code, data }) {
  const path = data.zone && may("cameras:read") ? `/cameras/${encodeURIComponent(code)}/zones` : null;
  const { data: found } = useResource(path, ["camera"]);
  return found?.zones.find((zone) => zone.name === data.zone) ?? null;
}

function Evidence({ event, shown }) {
  const zone = useZone(event);
  return html`<figure class="panel event-evidence"><${Picture} event=${event} zone=${zone} />
    <figcaption class="muted">${event !== shown && html`${t("picture.of_first")}${t("separator")}`}
      ${zone && html`<span class="zone-key zone-${zone.kind}" aria-hidden="true"></span> ${t("picture.zone", { zone: zone.name })}${t("separator")}`}${t("picture.recorded")}</figcaption></figure>`;
}

/** Every attempt at every event of a thread; the path only names them. */
const detailsPath = (thread) => (may("endpoints:read") ? thread.map((event) => event.event_id).join() : null);

async function readDetails(ids, signal) {
  const answers = await Promise.all(ids.split(",").map((id) => get(`/events/${encodeURIComponent(id)}/deliveries`, signal)));
  return answers.find((answer) => !answer.ok) ?? { ok: true, data: answers.flatMap(({ data }) => data.deliveries) };
}

/** The other events of the thread, where the eye falls first. */
const Others = ({ event, thread }) =>
  thread
    .filter((one) => one.event_id !== event.event_id)
    .map((one) => html`<a key=${one.event_id} href=${address("events", { id: one.event_id })}>${eventTitle(one)}${t("separator")}<${Time} at=${one.occurred_at} /></a>`);

function Loaded({ event, again }) {
  const { thread } = event;
  const [first] = thread;
  const hasCase = mayHaveCase(first);
  const found = useResource(hasCase ? casePath(first) : null, ["event"]);
  const details = useResource(detailsPath(thread), ["event"], readDetails);
  const waits = thread.some(({ deliveries }) => deliveries.some(({ state }) => state === "pending"));
  const refresh = () => {
    again();
    details.again();
  };
  useLookAgain({ again: waits ? refresh : () => {} }, LOOK_AGAIN_MS);
  const pictured = thread.find((one) => one.has_picture);
  return html`
    <header class="head">
      <h1>${eventTitle(event)}</h1>
      <p class="head-status"><${SeverityMark} severity=${event.severity} />
        <${CameraLink} code=${event.device_code} name=${event.camera_name} /><${Time} at=${event.occurred_at} />
        <span class="muted">${eventSummary(event)}</span><${Others} event=${event} thread=${thread} /></p>
    </header>
    <div class="event-parts ${pictured ? "" : "without-picture"}">
      <div class="event-facts">
        ${pictured && html`<${Evidence} event=${pictured.event_id === event.event_id ? event : pictured} shown=${event} />`}
        <${EventTimeline} thread=${thread} shown=${event.event_id} found=${found.data} details=${details.data} />
      </div>
      <div class="event-facts">${hasCase && html`<${CasePanel} event=${first} resource=${found} />`}<${EventFile} event=${event} /><${Deliveries} events=${thread} /></div>
    </div>`;
}

export function EventPage({ id }) {
  const resource = useResource(`/events/${encodeURIComponent(id)}`, ["event"]);
  return html`<p class="crumbs"><a href=${address("events")}>${t("page.events")}</a></p>
    <${Shown} resource=${resource}>${(event) => html`<${Loaded} event=${event} again=${() => resource.again()} />`}<//>`;
}
