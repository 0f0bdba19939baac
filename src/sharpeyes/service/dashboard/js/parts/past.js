// How a camera was: its stretches of time, its figures, how fast it answered, and its clock.
import { useEffect, useRef } from "../../vendor/preact-hooks.mjs";
import { withQuery } from "../api.js";
import { html } from "../html.js";
import { now } from "../live.js";
import { useResource } from "../resource.js";
import { address } from "../route.js";
import { Time, formatTime, useTick } from "../times.js";
import { formatNumber, formatPercent, t, word } from "../words.js";
import { Chart } from "./chart.js";
import { Recordings } from "./recordings.js";
import { Empty, Shown } from "./states.js";

const DAYS = [1, 7, 30];
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
// A standing is finer than a status; the bar has the colours that people know.
const FILLS = {
  well: "ok", impaired: "degraded", unseen: "degraded", faulty: "degraded", offline: "offline", unreachable: "unreachable",
  unknown: "unknown", maintenance: "maintenance", on_request: "not_measured", never: "not_measured", planned: "not_measured",
};

const secondsOf = (at) => Date.parse(at) / 1000;
const milliseconds = (value) => t("unit.ms", { number: formatNumber(Math.round(value)) });
const seconds = (value) => t("unit.s", { number: formatNumber(Math.round(value * 10) / 10) });

function Bar({ past: { since, until, stretches } }) {
  return html`<div class="timeline">
    <div class="timeline-bar" role="img" aria-label=${t("past.bar")}>
      ${stretches.map((part) => {
        const [start, end] = [part.since, part.until].map((at) => Date.parse(at));
        const how = word("standing", part.standing) + (part.cause ? t("separator") + word("cause", part.cause) : "");
        return html`<span key=${part.since} class="fill-${FILLS[part.standing] ?? "unknown"}" style=${{ flexGrow: String(end - start) }}
          title=${t("timeline.part", { status: how, start: formatTime(start), end: formatTime(end) })}></span>`;
      })}
    </div>
    <div class="timeline-ends"><span>${formatTime(Date.parse(since))}</span><span>${formatTime(Date.parse(until))}</span></div>
  </div>`;
}

/** A figure with what it was computed from; or why there is none. */
function Value({ name, figure: { value, base, base_unit: unit, why_not: why }, show }) {
  return html`<div><dt>${t(`past.${name}`)}</dt><dd>${value === null ? t("none") : html`<strong>${show(value)}</strong>`}${" "}
    <span class="muted">${value === null ? word("why_not", why) : t(`past.base.${unit}`, { number: Math.round(base * 10) / 10 })}</span></dd></div>`;
}

const Figures = ({ figures, hours }) => html`<dl class="file">
  <${Value} name="online_rate" figure=${figures.online_rate} show=${formatPercent} />
  <${Value} name="intact_rate" figure=${figures.intact_rate} show=${formatPercent} />
  <${Value} name="faults" figure=${figures.faults} show=${formatNumber} />
  <${Value} name="mean_time_to_repair" figure=${figures.mean_time_to_repair_h} show=${(value) => t("unit.h", { number: Math.round(value * 10) / 10 })} />
  <div><dt>${t("past.hours")}</dt><dd class="marks">${Object.entries(hours).map(
    ([standing, number]) => html`<span key=${standing}>${word("standing", standing)} ${t("unit.h", { number: Math.round(number * 10) / 10 })}</span>`)}</dd></div>
</dl>`;

/** The stretches themselves, the newest first, for who reads rather than looks. */
const List = ({ stretches }) => html`<details class="stretches"><summary>${t("past.stretches", { count: stretches.length })}</summary>
  <ol class="transitions">${[...stretches].reverse().slice(0, 200).map((part) => html`<li key=${part.since}>
    <${Time} at=${part.since} /><span>${word("standing", part.standing)}</span><span>${part.cause && word("cause", part.cause)}</span></li>`)}</ol></details>`;

function Latency({ points }) {
  if (points.length === 0) return html`<${Empty} icon="question">${t("past.latency.none")}<//>`;
  const column = (name) => points.map((point) => point[name]);
  const median = column("median_ms");
  return html`<${Chart} label=${t("past.latency.label", { last: milliseconds(median.at(-1)), most: milliseconds(Math.max(...column("most_ms"))) })}
    times=${points.map(({ at }) => secondsOf(at))} unit=${milliseconds} range=${(_, __, most) => [0, Math.max(most, 10)]}
    bands=${[{ of: [3, 1], fill: "accent" }]}
    series=${[
      { label: t("past.least"), values: column("least_ms"), stroke: "line-strong", width: 1 },
      { label: t("past.median"), values: median, stroke: "accent" },
      { label: t("past.most"), values: column("most_ms"), stroke: "line-strong", width: 1 },
    ]} />`;
}

function Clock({ clock }) {
  if (clock === null) return html`<${Empty} icon="question">${t("past.clock.none")}<//>`;
  const { offset_ms: offset, zone_error_s: zone, drift_ms_per_day: drift, points } = clock;
  const off = seconds(Math.abs(offset) / 1000);
  return html`<p>${t(offset >= 0 ? "past.clock.ahead" : "past.clock.behind", { off })} <span class="muted">${t("past.clock.asked")} <${Time} at=${clock.asked_at} /></span></p>
    <p class="muted">${[
      drift === null ? t("past.clock.no_drift") : t("past.clock.drift", { drift: seconds(drift / 1000) }),
      t(clock.is_synchronised ? "past.clock.ntp" : "past.clock.no_ntp"),
      zone ? t("past.clock.zone", { hours: zone / 3600 }) : null,
    ].filter(Boolean).join(t("separator"))}</p>
    ${points.length > 1 && html`<${Chart} label=${t("past.clock.label", { off })} times=${points.map(({ at }) => secondsOf(at))} unit=${seconds}
      series=${[{ label: t("past.clock.offset"), values: points.map(({ offset_ms: ms }) => ms / 1000), stroke: "accent" }]} />`}`;
}

/** @param {{code: string, since: string | null, query: object}} props  since: of its status; query.days: how far back to look */
export function Past({ code, since, query }) {
  useTick(MINUTE_MS);
  const days = DAYS.includes(Number(query.days)) ? Number(query.days) : DAYS[1];
  // To the hour, so that the address, and with it the answer that is kept, does not change all the time.
  const from = new Date(Math.floor((now() - days * DAY_MS) / HOUR_MS) * HOUR_MS).toISOString().replace(".000Z", "Z");
  const resource = useResource(withQuery(`/health/cameras/${encodeURIComponent(code)}/timeline`, { from }), []);
  // Hints are of all cameras' statuses: only this one's is worth looking again.
  const seen = useRef(since);
  useEffect(() => {
    if (seen.current !== since) resource.again();
    seen.current = since;
  }, [since]);
  return html`<section class="panel past" aria-label=${t("past.title")}>
    <h2>${t("past.title")}<span class="languages" role="group" aria-label=${t("past.window")}>${DAYS.map(
      (number) => html`<a key=${number} href=${address("cameras", { id: code, query: { ...query, days: number } })}
        aria-current=${number === days ? "true" : null}>${t("past.days", { count: number })}</a>`,
    )}</span></h2>
    <${Shown} resource=${resource}>${(past) => html`
      <${Bar} past=${past} />
      <${Figures} figures=${past.availability} hours=${past.availability.hours} />
      <${List} stretches=${past.stretches} />
      <h3>${t("past.latency")}</h3><${Latency} points=${past.latency} />
      <h3>${t("past.clock")}</h3><${Clock} clock=${past.clock} />
      <h3>${t("recordings.title")}</h3><${Recordings} recordings=${past.recordings} />`}<//>
  </section>`;
}
