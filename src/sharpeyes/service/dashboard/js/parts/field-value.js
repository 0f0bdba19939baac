// A value of a camera's file, as people read it.
import { FIELD_OF, isEmpty } from "../camera-fields.js";
import { useCodes } from "../codes.js";
import { useDivisions } from "../divisions.js";
import { html } from "../html.js";
import { formatMoment, formatUtc } from "../times.js";
import { formatDay, t, word } from "../words.js";
import { Copyable } from "./camera-name.js";

// The history keeps the numbers of the exchanged sheet.
const TIERS = { 1: "city", 2: "district", 3: "social", 4: "police", 9: "other" };

/** What turns values into text, with the tables and the tree that it takes. */
export function useFieldText() {
  const codes = useCodes();
  const divisions = useDivisions();
  return function text(name, value, edition) {
    const { kind = "text", table, words } = FIELD_OF.get(name) ?? {};
    if (isEmpty(value)) return "";
    if (kind === "code") return codes.label(table, value, edition);
    if (kind === "codes") return value.map((one) => codes.label(table, one, edition)).join(t("separator"));
    if (kind === "texts") return value.join(t("separator"));
    if (kind === "word") return word(words, words === "tier" ? (TIERS[value] ?? value) : value);
    if (kind === "yes_no") return t(value ? "yes" : "no");
    if (kind === "division") return divisions.nameOf(value);
    if (kind === "time") return formatMoment(Date.parse(value));
    if (kind === "day") return formatDay(value);
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  };
}

export const FieldLabel = ({ name }) => word("file", name);

export function FieldValue({ name, value, edition }) {
  const text = useFieldText();
  const { kind } = FIELD_OF.get(name) ?? {};
  if (isEmpty(value)) return html`<span class="muted">${t("none")}</span>`;
  if (kind === "digits") return html`<${Copyable}>${value}<//>`;
  if (kind === "division") return html`${text(name, value)} <span class="muted">${value}</span>`;
  if (kind === "time") return html`<time datetime=${value} title=${formatUtc(value)}>${text(name, value)}</time>`;
  return text(name, value, edition);
}
