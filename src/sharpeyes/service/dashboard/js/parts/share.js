// Shares with their base: a rate that hides what it could not measure is not shown anywhere.
import { html } from "../html.js";
import { address } from "../route.js";
import { formatNumber, formatShare, rich, t } from "../words.js";

// As in a list of what to do: the bar begins with what is well and ends with what nobody can ask.
const SEGMENTS = ["ok", "degraded", "unreachable", "offline", "unknown", "not_measured"];

/** Online and its base: cameras that answer, of those whose answer is known. */
export function online({ ok, degraded, measured, unknown }) {
  return { online: ok + degraded, base: measured - unknown };
}

export const Rate = ({ counts }) => {
  const { online: part, base } = online(counts);
  return html`<span class="rate">${base === 0 ? t("none") : formatShare(part, base)}</span>`;
};

/** "18 of 20 measured online; 4 cannot be measured", every number a link to its list. */
export function Base({ counts, query = {} }) {
  const { online: part, base } = online(counts);
  const list = (count, status) => html`<a href=${address("cameras", { query: { ...query, status } })}>${formatNumber(count)}</a>`;
  return html`<span class="base">
    ${rich("share.base", { online: list(part, null), base: formatNumber(base) })}
    ${counts.unknown > 0 && rich("share.unknown", { unknown: list(counts.unknown, "unknown") })}
    ${counts.not_measured > 0 &&
    rich("share.not_measured", { not_measured: list(counts.not_measured, "not_measured") })}
  </span>`;
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
