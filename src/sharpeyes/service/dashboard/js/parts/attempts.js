// Attempts at a delivery, one after another: when, what was answered, how long it took.
import { html } from "../html.js";
import { Time } from "../times.js";
import { t } from "../words.js";
import { answerWords, latencyWords } from "./endpoint-words.js";

export const isTaken = ({ http_status: status }) => status !== null && Math.floor(status / 100) === 2;

/** One attempt's answer. The receiver's own words are text, whatever they look like. */
export const AttemptAnswer = ({ attempt }) => html`<span>
  <strong class=${isTaken(attempt) ? "good" : "bad"}>${answerWords(attempt.http_status, attempt.error)}</strong>
  <span class="muted">${t("separator")}${latencyWords(attempt.latency_ms)}</span>
  ${attempt.http_status !== null && attempt.error && html`<span class="muted">${t("separator")}${attempt.error}</span>`}
  ${attempt.answer_head && html`<code class="answer-head">${attempt.answer_head}</code>`}
</span>`;

export const Attempts = ({ attempts }) =>
  attempts.length === 0
    ? html`<p class="muted">${t("attempts.none")}</p>`
    : html`<ol class="attempts">${attempts.map(
        (attempt) => html`<li key=${attempt.attempt}><span class="muted">${t("attempts.number", { number: attempt.attempt })}</span>
          <${Time} at=${attempt.started_at} /><${AttemptAnswer} attempt=${attempt} /></li>`,
      )}</ol>`;
