// Which recordings a camera's device says that it keeps, or why that is not known.
import { html } from "../html.js";
import { Time } from "../times.js";
import { formatNumber, t } from "../words.js";
import { Empty } from "./states.js";

const days = (number) => t("recordings.days", { count: Math.floor(number), number: formatNumber(Math.floor(number * 10) / 10) });

/** How long recordings are: one length, or from the shortest to the longest, or only the longest. */
function length({ least_days: least, most_days: most }) {
  if (least === null) return t("recordings.up_to", { days: days(most) });
  return days(least) === days(most) ? days(most) : t("recordings.between", { least: days(least), most: days(most) });
}

/** @param {{recordings: object | null}} props  recordings: as the camera's timeline has them */
export function Recordings({ recordings }) {
  if (recordings === null) return html`<${Empty} icon="question">${t("recordings.none")}<//>`;
  const { asked_at: asked, outcome, recordings: count, since, until } = recordings;
  const when = html`<span class="muted">${t("recordings.asked")} <${Time} at=${asked} /></span>`;
  if (outcome !== "told") return html`<p>${t(`recordings.${outcome}`)} ${when}</p>`;
  if (count === 0) return html`<p>${t("recordings.empty")} ${when}</p>`;
  return html`<p><strong>${length(recordings)}</strong> ${count > 1 && t("recordings.count", { count })} ${when}</p>
    <p class="muted">${t("recordings.from")} <${Time} at=${since} />${t("separator")}${t("recordings.until")} <${Time} at=${until} /></p>
    <p class="muted">${t("recordings.gaps")}</p>`;
}
