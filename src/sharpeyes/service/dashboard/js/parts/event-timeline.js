// What became of an event, in one order: from the first frame to the closing of its case.
import { html } from "../html.js";
import { address } from "../route.js";
import { Time } from "../times.js";
import { hasWord, t, word } from "../words.js";
import { AttemptAnswer } from "./attempts.js";
import { eventSummary, eventTitle, shortType } from "./event-words.js";
import { LightMark, SeverityMark } from "./marks.js";

// Of what has the same time, the cause comes first.
const ORDER = ["began", "event", "stored", "case", "delivery"];

function began(first) {
  if (!first.data.started_at) return [];
  const key = `timeline.began.${shortType(first.type)}`;
  return [{ kind: "began", at: first.data.started_at, key: "began", what: t(hasWord(key) ? key : "timeline.began") }];
}

const told = (event, shown) => [
  {
    kind: "event",
    at: event.occurred_at,
    key: event.event_id,
    what: html`<${SeverityMark} severity=${event.severity} label=${false} />${" "}${event.event_id === shown
      ? html`<span aria-current="true">${eventTitle(event)}</span>`
      : html`<a href=${address("events", { id: event.event_id })}>${eventTitle(event)}</a>`}`,
    more: html`<span>${eventSummary(event)}</span>`,
  },
  { kind: "stored", at: event.recorded_at, key: `${event.event_id} stored`, what: t("timeline.stored"), who: t("incident.by_service") },
];

const steps = (history) =>
  history.map((step, index) => ({
    kind: "case",
    name: `step-${step.step}`,
    at: step.at,
    key: `case ${index}`,
    what: word("case_step", step.step),
    who: step.actor || t("incident.by_service"),
    more: step.step === "light" ? html`<${LightMark} light=${step.words} />` : html`<span class="note">${step.words}</span>`,
  }));

/** Each attempt, for whoever may see them. */
const attempts = ({ delivery, attempts: made }) =>
  made.map((attempt) => ({
    kind: "delivery",
    at: attempt.started_at,
    key: `${delivery.delivery_id} ${attempt.attempt}`,
    what: t("timeline.attempt", { endpoint: delivery.endpoint, number: attempt.attempt }),
    more: html`<${AttemptAnswer} attempt=${attempt} />`,
  }));

/** For everybody else: that it arrived. */
const arrivals = (event) =>
  event.deliveries
    .filter((delivery) => delivery.delivered_at)
    .map((delivery) => ({
      kind: "delivery",
      at: delivery.delivered_at,
      key: `${event.event_id} ${delivery.endpoint}`,
      what: t("timeline.arrived", { endpoint: delivery.endpoint }),
      more: html`<span class="muted">${t("attempts.count", { count: delivery.attempt_count })}</span>`,
    }));

/** @param {{thread: object[], shown: string, found: object | null, details: object[] | null}} props
 *   thread: the events, the first first; found: the case; details: deliveries with their attempts, null where they are not to be seen */
export function EventTimeline({ thread, shown, found, details }) {
  const items = [
    ...began(thread[0]),
    ...thread.flatMap((event) => told(event, shown)),
    ...steps(found?.history ?? []),
    ...(details === null ? thread.flatMap(arrivals) : details.flatMap(attempts)),
  ];
  const time = ({ at }) => Date.parse(at);
  items.sort((a, b) => time(a) - time(b) || ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  return html`<section class="panel" aria-label=${t("timeline")}>
    <h2>${t("timeline")}</h2>
    <ol class="steps story">${items.map(
      (item) => html`<li key=${item.key} class="story-${item.kind} ${item.name ?? ""}">
        <${Time} at=${item.at} /><strong>${item.what}</strong><span class="muted">${item.who}</span>${item.more}
      </li>`,
    )}</ol>
  </section>`;
}
