// Ways to the report of a month: a page of its own, to look at or to print.
import { fileAddress, withQuery } from "../api.js";
import { html } from "../html.js";
import { now } from "../live.js";
import { TIME_ZONE } from "../times.js";
import { getLanguage, t } from "../words.js";

/** The city's month, so many months ago, as the service names it: 2026-10. */
function monthAgo(months) {
  const parts = new Intl.DateTimeFormat("en", { timeZone: TIME_ZONE, year: "numeric", month: "numeric" }).formatToParts(now());
  const [year, month] = ["year", "month"].map((type) => Number(parts.find((part) => part.type === type).value));
  return new Date(Date.UTC(year, month - 1 - months)).toISOString().slice(0, 7);
}

/** @param {{division: string | undefined, months: 0 | 1}} props  months: how many ago; 0 is the one that is not over */
export const MonthReport = ({ division, months }) => html`<a target="_blank" rel="noopener"
  href=${fileAddress(withQuery("/health/report", { month: monthAgo(months), division, lang: getLanguage() }))}>${t(`month_report.${months}`)}</a>`;
