// Where a camera's events were false alarms: which zone is to be tuned.
import { withQuery } from "../api.js";
import { html } from "../html.js";
import { useResource } from "../resource.js";
import { address } from "../route.js";
import { t, word } from "../words.js";
import { shortType } from "./event-words.js";

const DAYS = 30;

export function FalseAlarms({ code }) {
  const { data } = useResource(withQuery("/false-alarms", { camera: code, days: DAYS }), ["event"]);
  if (!data || data.false_alarms.length === 0) return null;
  return html`<ul class="muted">${data.false_alarms.map(
    ({ zone, type, rejected, closed, latest_event_id: id, latest_reason: reason }) => html`<li key=${`${zone}/${type}`}>
      ${t("false_alarms", { what: word("type", shortType(type)), zone: zone || t("zone.whole"), count: rejected, known: rejected + closed, days: DAYS })}${t("colon")}
      <a href=${address("events", { id })}>${reason}</a></li>`,
  )}</ul>`;
}
