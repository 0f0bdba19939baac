// What the service saw, in the language now shown where its words are known.
import { html } from "../html.js";
import { getLanguage, inWords, t } from "../words.js";

const TRIES = /^(.*) \((\d+) tries in (\d+) s\)$/s;
const LAST_FAULT = /^(.*); last fault: (.*)$/s;

/** The evidence in words, and whether they are in the language now shown. */
export function evidenceWords(evidence) {
  const tried = TRIES.exec(evidence);
  if (tried) return t("evidence.tries", { seen: evidenceWords(tried[1]), count: Number(tried[2]), seconds: Number(tried[3]) });
  const before = LAST_FAULT.exec(evidence);
  if (before) return t("evidence.last", { seen: inWords(before[1]), fault: evidenceWords(before[2]) });
  return inWords(evidence);
}

export function Evidence({ text }) {
  if (!text) return null;
  const words = evidenceWords(text);
  // A reader of screens must know in which language to say it.
  return html`<span class="evidence" lang=${words === text && getLanguage() !== "en" ? "en" : null}>${words}</span>`;
}
