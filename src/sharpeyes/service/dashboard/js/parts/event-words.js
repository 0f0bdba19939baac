// An event in a few words, for lists.
import { html } from "../html.js";
import { formatDuration, hasWord, t, word } from "../words.js";
import { DeliveryMark } from "./marks.js";

/** "org.sharpeyes.abandoned-vehicle.v1" -> "abandoned-vehicle"; another's type stays as it is. */
export const shortType = (type) => /^org\.sharpeyes\.(.+)\.v\d+$/.exec(type)?.[1] ?? type;

/** Told for other systems' sake: in a list of ours it stands beside the event that it is about. */
export const CASE_CHANGED = "org.sharpeyes.case.changed.v1";

export const EVENT_TYPES = [
  "org.sharpeyes.abandoned-vehicle.v1",
  "org.sharpeyes.motion.v1",
  "org.sharpeyes.camera.offline.v1",
  "org.sharpeyes.camera.degraded.v1",
  "org.sharpeyes.camera.restored.v1",
  "org.sharpeyes.camera.unstable.v1",
  "org.sharpeyes.camera.picture-fault.v1",
  "org.sharpeyes.camera.clock-fault.v1",
  "org.sharpeyes.camera.alarm.v1",
  "org.sharpeyes.incident.opened.v1",
  "org.sharpeyes.incident.closed.v1",
  "org.sharpeyes.outside-report.v1",
  CASE_CHANGED,
];

export function eventTitle({ type, data }) {
  const short = shortType(type);
  const phased = `type.${short}.${data.phase}`;
  return data.phase && hasWord(phased) ? t(phased) : word("type", short);
}

/** What the event says beyond its kind. */
export function eventSummary({ data }) {
  const said = [];
  if (data.to_status) {
    said.push(t("event.change", { from: word("status", data.from_status), to: word("status", data.to_status) }));
  }
  if (data.about_event_id) {
    const step = data.step === "light" ? word("light", data.light) : word("case_step", data.step);
    said.push(t("event.about", { type: word("type", shortType(data.about_type)), step }));
    if (data.case_number) said.push(data.case_number);
  }
  if (data.title) said.push(data.title, t("event.cameras", { count: data.cameras }));
  if (data.cause) said.push(word("cause", data.cause));
  // Of a camera's own alarm; other systems have words of their own for theirs.
  if (data.topic) said.push(word("alarm", data.kind), t("event.camera_says"));
  if (data.zone) said.push(t("event.in_zone", { zone: data.zone }));
  if (typeof data.dwell_s === "number") said.push(t("event.stood", { duration: formatDuration(data.dwell_s * 1000) }));
  if (data.verified === true) said.push(t("event.verified.true"));
  if (data.verified === false) said.push(t("event.verified.false"));
  return said.join(t("separator"));
}

/** Where deliveries stand: one mark a state, with its count. */
export function DeliveryStates({ deliveries }) {
  if (deliveries.length === 0) return html`<span class="muted">${t("delivery.nobody")}</span>`;
  const counts = { dead: 0, pending: 0, delivered: 0 };
  for (const { state } of deliveries) counts[state] = (counts[state] ?? 0) + 1;
  return html`<span class="marks">
    ${Object.entries(counts).map(
      ([state, count]) =>
        count > 0 &&
        html`<${DeliveryMark} key=${state} state=${state}>${count > 1 && html`<span>${t("times", { count })}</span>`}<//>`,
    )}
  </span>`;
}
