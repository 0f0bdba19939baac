// An incident in a few words: what it is, how urgent it is, who is on it.
import { html } from "../html.js";
import { now } from "../live.js";
import { address } from "../route.js";
import { formatTime, formatUtc, useTick } from "../times.js";
import { formatDuration, t, word } from "../words.js";
import { LightMark } from "./marks.js";

export const KINDS = ["camera", "recorder", "subnet", "network", "district", "poller"];
export const LIGHTS = ["red", "yellow", "blue"];
export const CAUSES = [
  "network", "silent", "recorder", "rtsp", "no_frames", "auth", "auth_blocked", "frozen", "picture", "clock", "slow",
  "unstable",
];

/** What people call it; of many cameras, also what they share. */
export const incidentTitle = ({ kind, title }) =>
  kind === "camera" ? title : t("incident.title", { kind: word("incident_kind", kind), title });

export const IncidentLink = ({ incident }) =>
  html`<a class="camera-name" href=${address("incidents", { id: incident.incident_id })}>${incidentTitle(incident)}</a>`;

/** By when it is to be mended: the moment, and how long that is from now or how long ago it was. */
export function Due({ at }) {
  useTick();
  const time = Date.parse(at);
  const left = time - now();
  const words = t(left > 0 ? "due.in" : "due.over", { time: formatDuration(Math.abs(left)) });
  return html`<time datetime=${at} title=${formatUtc(time)}><span class="due">${words}</span>${" "}
    <span class="age">${formatTime(time)}</span></time>`;
}

/** How much of the time to mend it is gone; what is closed has no deadline any more. */
export function Deadline({ incident: { state, light, deadline_at: at } }) {
  if (state === "closed") return html`<span class="muted">${t("incident_state.closed")}</span>`;
  return html`<span class="deadline"><${LightMark} light=${light} /><${Due} at=${at} /></span>`;
}

/** The unit or the role that sees to it: never a person. */
export function Assigned({ incident: { assigned_unit: unit, assigned_role: role } }) {
  if (unit) return html`<span>${unit}</span>`;
  if (role) return html`<span>${word("role", role)}</span>`;
  return html`<span class="nobody">${t("incident.nobody")}</span>`;
}
