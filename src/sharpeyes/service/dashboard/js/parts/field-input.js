// One field of a form, in the manner of its kind.
import { useCodes } from "../codes.js";
import { html } from "../html.js";
import { t, word } from "../words.js";
import { DivisionPicker } from "./division-picker.js";

const MODES = { number: "decimal", whole: "numeric" };
const TYPES = { day: "date", time: "datetime-local" };

function Select({ options, value, ...rest }) {
  // A value that the table does not have must not be lost by looking at it.
  const known = options.some(([key]) => String(key) === value);
  return html`<select ...${rest}>
    <option value="" selected=${value === ""}>${t("none")}</option>
    ${!known && value !== "" && html`<option value=${value} selected>${value}</option>`}
    ${options.map(([key, text]) => html`<option key=${key} value=${key} selected=${String(key) === value}>${text}</option>`)}
  </select>`;
}

/** Several of a table's values. */
function Ticks({ options, value, onChange, ...rest }) {
  const toggle = (key, on) => onChange((on ? [...value, key] : value.filter((one) => one !== key)).sort((a, b) => a - b));
  return html`<span class="ticks" role="group" ...${rest}>
    ${options.map(
      ([key, text]) => html`<label key=${key}>
        <input type="checkbox" checked=${value.includes(key)} onChange=${(change) => toggle(key, change.currentTarget.checked)} />${text}
      </label>`,
    )}
  </span>`;
}

/**
 * @param {{field: object, draft: any, edition: number, problem: string | null, onDraft: (draft: any) => void}} props
 *   draft: as of camera-fields.js; problem: why the service refused it
 */
export function FieldInput({ field, draft, edition, problem, onDraft }) {
  const codes = useCodes();
  const { name, kind, table, words, choices, fixed } = field;
  const id = `field-${name}`;
  const said = problem ? `${id}-problem` : null;
  const marks = { id, name, "aria-invalid": problem ? "true" : null, "aria-describedby": said };
  const onInput = (change) => onDraft(change.currentTarget.value);
  const controls = {
    code: () => html`<${Select} ...${marks} value=${draft} options=${codes.options(table, edition)} onChange=${onInput} />`,
    codes: () =>
      html`<${Ticks} id=${id} aria-labelledby="${id}-label" aria-describedby=${said} value=${draft}
        options=${codes.options(table, edition)} onChange=${onDraft} />`,
    word: () => html`<${Select} ...${marks} value=${draft} options=${choices.map((one) => [one, word(words, one)])} onChange=${onInput} />`,
    yes_no: () => html`<${Select} ...${marks} value=${draft} options=${[["true", t("yes")], ["false", t("no")]]} onChange=${onInput} />`,
    division: () =>
      html`<${DivisionPicker} id=${id} name=${name} value=${draft} onPick=${onDraft} invalid=${marks["aria-invalid"]} describedBy=${said} />`,
    texts: () => html`<textarea ...${marks} rows="2" value=${draft} onInput=${onInput} />`,
  };
  const input = () =>
    html`<input ...${marks} type=${TYPES[kind] ?? "text"} step=${kind === "time" ? 1 : null} inputmode=${MODES[kind] ?? null}
      value=${draft} disabled=${fixed} autocomplete="off" spellcheck="false" onInput=${onInput} />`;
  return html`<div class="field ${problem ? "refused" : ""} kind-${kind}">
    <label id="${id}-label" for=${kind === "codes" ? null : id}>${word("file", name)}</label>
    ${(controls[kind] ?? input)()}
    ${problem && html`<p id=${said} class="field-problem">${problem}</p>`}
  </div>`;
}
