// A share with its base, and what could not be judged, and why.
import { html } from "../html.js";
import { formatShare, t, word } from "../words.js";

export function Figure({ figure }) {
  const { judged, fulfilled, not_judged: notJudged } = figure;
  return html`<span class="figure-cell">
    <span class="rate">${judged === 0 ? t("none") : formatShare(fulfilled, judged)}</span>
    <span class="base">${t("figure.base", { part: fulfilled, base: judged })}</span>
    ${Object.entries(notJudged).map(
      ([reason, count]) => html`<span key=${reason} class="base open">${t("figure.open", { count, reason: word("figure.reason", reason) })}</span>`,
    )}
  </span>`;
}

/** Fulfilled, not fulfilled, not known: as a bar. The figure beside it says the same in words. */
export function FigureBar({ figure: { judged, fulfilled, total } }) {
  const parts = { ok: fulfilled, degraded: judged - fulfilled, unknown: total - judged };
  return html`<span class="share-bar" aria-hidden="true">
    ${Object.entries(parts).map(
      ([name, count]) => count > 0 && html`<span key=${name} class="fill-${name}" style=${{ flexGrow: String(count) }}></span>`,
    )}
  </span>`;
}
