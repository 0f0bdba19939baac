// An endpoint in a few words: how it is, what it wants, how many wait.
import { useDivisions } from "../divisions.js";
import { html } from "../html.js";
import { formatNumber, t, word } from "../words.js";
import { shortType } from "./event-words.js";

const MOST_COUNTED = 100_000;

/** Whether the latest attempt that was heard of failed. */
const isFailing = ({ last_success_at: taken, last_failure_at: failed }) => failed !== null && (taken === null || taken < failed);

/** disabled | paused | deferred | failing | active: the worst that holds. */
export function stateOf(endpoint) {
  if (endpoint.state !== "active") return endpoint.state;
  if (endpoint.deferred_until !== null) return "deferred";
  return isFailing(endpoint) ? "failing" : "active";
}

/** A number that was counted so far and no further. */
export const countWords = (count) =>
  count > MOST_COUNTED ? t("endpoint.more_than", { count: MOST_COUNTED }) : formatNumber(count);

/** Whole milliseconds. */
export const latencyWords = (ms) => (ms === null || ms === undefined ? t("none") : t("endpoint.ms", { number: formatNumber(Math.round(ms)) }));

/** What was answered to an attempt; why nothing was. */
export const answerWords = (status, error) => (status === null || status === undefined ? error : `HTTP ${status}`);

/** Which events it wants. */
export function Wanted({ endpoint }) {
  const { nameOf } = useDivisions();
  const said = [
    ...endpoint.event_types.map((type) => word("type", shortType(type))),
    ...endpoint.severities.map((severity) => word("severity", severity)),
    ...endpoint.tiers.map((tier) => word("tier", tier)),
    ...endpoint.division_codes.map(nameOf),
  ];
  return html`<span>${said.length === 0 ? t("endpoint.wants.all") : said.join(t("separator"))}</span>`;
}
