// Why the service refused something, in the language now shown where its words are known.
import { formatMoment } from "../times.js";
import { hasWord, inWords, t, word } from "../words.js";

// What a refusal names, as people read it.
const NAMED = {
  state: (value) => word("case_state", value),
  step: (value) => word("case_step", value),
  at: (value) => formatMoment(Date.parse(value)),
};

/** By its code, where it has one; else by how the service puts it. */
export function refusalWords({ code, about, detail }) {
  const key = `refusal.${code}`;
  if (!code || !hasWord(key)) return inWords(detail);
  const values = Object.fromEntries(Object.entries(about).map(([name, value]) => [name, NAMED[name]?.(value) ?? value]));
  const first = about.state ? word("case_first", about.state) : "";
  return t(key, { ...values, first });
}
