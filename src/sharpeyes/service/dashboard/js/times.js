import { useEffect, useState } from "../vendor/preact-hooks.mjs";
import { html } from "./html.js";
import { now } from "./live.js";
import { formatDuration, locale, t } from "./words.js";

// Where the cameras are, wherever the reader is.
export const TIME_ZONE = "Asia/Shanghai";
const TICK_MS = 5000;

const format = (options, time) =>
  new Intl.DateTimeFormat(locale(), { timeZone: TIME_ZONE, hourCycle: "h23", ...options }).format(time);

const DAY = { month: "short", day: "numeric" };
const CLOCK = { hour: "2-digit", minute: "2-digit" };

/** Local time, as short as today allows: 14:02:31, 19 Nov, 14:02, or with its year; `short` leaves the seconds out. */
export function formatTime(time, { short = false } = {}) {
  const sameIn = (options) => format(options, time) === format(options, now());
  if (!sameIn({ year: "numeric" })) return format({ year: "numeric", ...DAY, ...CLOCK }, time);
  return sameIn(DAY) ? format(short ? CLOCK : { ...CLOCK, second: "2-digit" }, time) : format({ ...DAY, ...CLOCK }, time);
}

/** Local date and time, however long ago. */
export const formatMoment = (time) => format({ dateStyle: "medium", timeStyle: "short" }, time);

export const formatUtc = (time) => `${new Date(time).toISOString().replace("T", " ").slice(0, 19)} UTC`;

/** Draw again every few seconds: ages grow while nothing else happens. */
export function useTick(ms = TICK_MS) {
  const [, setCount] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setCount((count) => count + 1), ms);
    return () => clearInterval(timer);
  }, [ms]);
}

/** A moment: local, with its age, and UTC on hover. `since` words the age as a lasting state. */
export function Time({ at, since = false }) {
  useTick();
  const time = Date.parse(at ?? "");
  if (Number.isNaN(time)) return html`<span class="muted">${t("none")}</span>`;
  const age = formatDuration(now() - time);
  return html`<time datetime=${at} title=${formatUtc(time)}>
    <span class="clock">${formatTime(time)}</span>${" "}
    <span class="age">${t(since ? "time.for" : "time.ago", { age })}</span>
  </time>`;
}
