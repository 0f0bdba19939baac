// How the rates were in the last two days, hour by hour, and in the last day as one figure.
import { withQuery } from "../api.js";
import { html } from "../html.js";
import { now } from "../live.js";
import { useResource } from "../resource.js";
import { useTick } from "../times.js";
import { formatPercent, t } from "../words.js";
import { Chart } from "./chart.js";
import { MonthReport } from "./month-report.js";
import { Empty, Shown } from "./states.js";

const HOUR_MS = 3_600_000;
// An hour is summed up ten minutes after it is over.
const SETTLED_MS = 11 * 60_000;
const SHOWN_HOURS = 48;
const LEAST_SPAN = 2;

const lastHour = () => Math.floor((now() - SETTLED_MS) / HOUR_MS) * HOUR_MS;
const moment = (ms) => new Date(ms).toISOString().replace(".000Z", "Z");

/** Where availability of so many hours up to now is read; the address changes with each hour. */
export function availabilityPath(by, hours, division) {
  const until = lastHour();
  return withQuery("/health/availability", { by, division, from: moment(until - hours * HOUR_MS), to: moment(until) });
}

/** The online rate of the last full day of each tier or division: Map of key to figure. */
export function useLastDay(by, division) {
  const { data } = useResource(by && availabilityPath(by, 24, division), []);
  return new Map(data?.rows.map((row) => [row.key, row.availability.online_rate]) ?? []);
}

// Good rates all look alike beside a zero, and nothing is above 100 %.
const range = (_, least, most) => (least === null ? [0, 100] : [Math.max(0, Math.min(Math.floor(least - 0.5), 100 - LEAST_SPAN)), Math.max(100, most)]);

export function Trend({ division }) {
  useTick(60_000); // a new hour is another address
  const resource = useResource(availabilityPath("hour", SHOWN_HOURS, division), []);
  return html`<section class="panel trend" aria-label=${t("trend.title")}>
    <h2>${t("trend.title")}<span class="as-of reports"><${MonthReport} division=${division} months=${1} /><${MonthReport} division=${division} months=${0} /></span></h2>
    <${Shown} resource=${resource}>${({ rows, hours, hours_known: known }) => {
      const times = rows.map((row) => Date.parse(row.key) / 1000);
      const [online, intact] = ["online_rate", "intact_rate"].map((name) => rows.map((row) => row.availability[name].value));
      const measured = online.filter((value) => value !== null);
      if (measured.length === 0) return html`<${Empty} icon="question">${t("trend.empty")}<//>`;
      const series = [
        { label: t("share.rate"), values: online, stroke: "status-ok" },
        { label: t("share.intact"), values: intact, stroke: "accent", dash: [6, 4] },
      ];
      return html`<${Chart} label=${t("trend.label", { last: formatPercent(measured.at(-1)), least: formatPercent(Math.min(...measured)) })}
          times=${times} series=${series} unit=${formatPercent} range=${range} />
        ${known < hours && html`<p class="muted">${t("trend.known", { known, hours })}</p>`}`;
    }}<//>
  </section>`;
}
