// Shares with their base: a rate that hides what it could not measure is not shown anywhere.
import { html } from "../html.js";
import { address } from "../route.js";
import { formatNumber, formatPercent, formatShare, rich, t } from "../words.js";

// As in a list of what to do: the bar begins with what is well and ends with what nobody can ask.
const SEGMENTS = ["ok", "degraded", "unreachable", "offline", "unknown", "not_measured"];

/** A figure's percentage; a dash where nothing could be judged. */
export const OfFigure = ({ figure: { judged, fulfilled } }) => (judged === 0 ? t("none") : formatShare(fulfilled, judged));

/** "18 of 20 measured online; 4 cannot be measured", every number a link to its list. */
export function Base({ rates: { online, by_status: counts }, query = {} }) {
  const list = (count, status) => html`<a href=${address("cameras", { query: { ...query, status } })}>${formatNumber(count)}</a>`;
  return html`<span class="base">
    ${rich("share.base", { online: list(online.fulfilled, null), base: formatNumber(online.judged) })}
    ${counts.unknown > 0 && rich("share.unknown", { unknown: list(counts.unknown, "unknown") })}
    ${counts.not_measured > 0 && rich("share.not_measured", { not_measured: list(counts.not_measured, "not_measured") })}
  </span>`;
}

/** Of how many it can be said whether they are intact, and why not of the others that were measured. */
export const IntactBase = ({ figure: { judged, fulfilled, not_judged: reasons } }) => html`<span class="base">
  ${t("share.intact.base", { part: fulfilled, base: judged })}
  ${["unseen", "unreachable"].filter((reason) => reasons[reason]).map((reason) => t(`share.intact.${reason}`, { count: reasons[reason] }))}
</span>`;

const NOTEWORTHY = 0.1;

/** The online rate of the last full day, and whether it is better now: an arrow and a word, not a colour alone. */
export function SinceYesterday({ now, lastDay }) {
  if (!lastDay || lastDay.value === null || now.judged === 0) return null;
  const change = (100 * now.fulfilled) / now.judged - lastDay.value;
  const direction = Math.abs(change) < NOTEWORTHY ? "same" : change > 0 ? "better" : "worse";
  return html`<span class="since-yesterday trend-${direction}" title=${t("share.day.help")}>
    <span aria-hidden="true">${{ same: "＝", better: "↑", worse: "↓" }[direction]}</span> ${t(`share.day.${direction}`, { rate: formatPercent(lastDay.value) })}</span>`;
}

export function ShareBar({ counts }) {
  const label = SEGMENTS.filter((status) => counts[status] > 0)
    .map((status) => t("share.segment", { status: t(`status.${status}`), count: counts[status] }))
    .join(", ");
  return html`<span class="share-bar" role="img" aria-label=${label} title=${label}>
    ${SEGMENTS.map(
      (status) =>
        counts[status] > 0 &&
        html`<span key=${status} class="fill-${status}" style=${{ flexGrow: String(counts[status]) }}></span>`,
    )}
  </span>`;
}
