import { html } from "../html.js";
import { now } from "../live.js";
import { formatTime } from "../times.js";
import { t, word } from "../words.js";

const WINDOW_MS = 24 * 3_600_000;

/**
 * Cut the last 24 hours into stretches of one status.
 *
 * @param {{from_status: string, to_status: string, at: string}[]} transitions  newest first
 * @param {string} status  what it is now, for a camera without transitions
 * @param {number} end  ms
 * @returns {{status: string, start: number, end: number}[]}  oldest first, without gaps
 */
export function stretches(transitions, status, end) {
  const start = end - WINDOW_MS;
  const found = [];
  let until = end;
  for (const { from_status: before, to_status: after, at } of transitions) {
    const time = Math.min(Date.parse(at), until);
    if (until > start) found.unshift({ status: after, start: Math.max(time, start), end: until });
    until = time;
    status = before;
  }
  if (until > start) found.unshift({ status, start, end: until });
  return found;
}

/** The last 24 hours as a bar. The list beside it has the same in words. */
export function Timeline({ transitions, status }) {
  const end = now();
  const parts = stretches(transitions, status, end);
  return html`<div class="timeline" aria-hidden="true">
    <div class="timeline-bar">
      ${parts.map(
        (part) =>
          html`<span key=${part.start} class="fill-${part.status}" style=${{ flexGrow: String(part.end - part.start) }}
            title=${t("timeline.part", {
              status: word("status", part.status),
              start: formatTime(part.start),
              end: formatTime(part.end),
            })}></span>`,
      )}
    </div>
    <div class="timeline-ends"><span>${formatTime(end - WINDOW_MS)}</span><span>${t("timeline.now")}</span></div>
  </div>`;
}
