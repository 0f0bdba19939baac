// What changed in the last hour: how often each status was arrived at, and the latest changes.
import { html } from "../html.js";
import { Time } from "../times.js";
import { formatNumber, t, word } from "../words.js";
import { CameraLink } from "./camera-name.js";
import { STATUSES, StatusMark } from "./marks.js";
import { Empty } from "./states.js";

const SHOWN = 12;

export function LastHour({ summary: { changed_to: changed, latest } }) {
  return html`<section class="panel last-hour" aria-label=${t("last_hour.title")}>
    <h2>${t("last_hour.title")}</h2>
    ${latest.length === 0
      ? html`<${Empty}>${t("last_hour.empty")}<//>`
      : html`<p class="marks">${STATUSES.filter((status) => changed[status] > 0).map(
            (status) => html`<span key=${status} class="changed-to"><${StatusMark} status=${status} /> <strong>${formatNumber(changed[status])}</strong></span>`,
          )}</p>
          <ul class="changed">${latest.slice(0, SHOWN).map(
            (change) => html`<li key=${`${change.device_code}${change.at}`}>
              <span class="change"><${StatusMark} status=${change.from_status} label=${false} /><span aria-hidden="true">→</span><${StatusMark} status=${change.to_status} /></span>
              <span class="wrong-what"><${CameraLink} code=${change.device_code} name=${change.name} />
                ${change.cause && html`<span class="muted" title=${change.evidence}>${word("cause", change.cause)}</span>`}</span>
              <${Time} at=${change.at} />
            </li>`,
          )}</ul>
          ${latest.length > SHOWN && html`<p class="more">${t("last_hour.more", { count: SHOWN })}</p>`}`}
  </section>`;
}
