// A form that does one deed, such as closing an incident, and says what became of it.
import { useRef, useState } from "../../vendor/preact-hooks.mjs";
import { post } from "../api.js";
import { html } from "../html.js";
import { inWords, t } from "../words.js";
import { refusalWords } from "./refusal.js";

const LONGEST = 2000;

/** What went wrong. Of what somebody else changed meanwhile: the page already shows it, and nothing typed is lost. */
function Failed({ problem, what }) {
  const { kind, detail, errors } = problem;
  return html`<div class="form-problem" role="alert">
    <strong>${t(kind !== "changed" ? `problem.${kind}` : what === "case" ? "case.changed" : "incident.changed")}</strong>
    ${kind === "changed" && html`<p>${t("incident.changed.help")}</p>`}
    ${kind !== "changed" && (errors.length > 0 ? errors.map(({ reason }) => html`<p>${inWords(reason)}</p>`) : detail && html`<p>${refusalWords(problem)}</p>`)}
  </div>`;
}

/**
 * A form that does one deed with the revision that is shown.
 *
 * @param {{path: string, revision: number | undefined, label: string, body: (elements: HTMLFormControlsCollection) => object,
 *   again: () => void}} props
 */
export function Deed({ path, revision, label, body, again, primary = false, what = "incident", children }) {
  const form = useRef(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const [done, setDone] = useState(false);
  async function onSubmit(submit) {
    submit.preventDefault();
    setBusy(true);
    const answer = await post(path, body(form.current.elements), { revision });
    setBusy(false);
    setProblem(answer.ok ? null : answer);
    setDone(answer.ok);
    if (answer.ok) form.current.reset();
    again(); // also after a refusal: somebody else may have been quicker
  }
  return html`<form ref=${form} class="deed" onSubmit=${onSubmit} onInput=${() => setDone(false)}>
    ${children}
    <button type="submit" class=${primary ? "primary" : null} disabled=${busy}>${label}</button>
    ${problem && html`<${Failed} problem=${problem} what=${what} />`}
    <span class="deed-done" role="status">${done ? t("incident.saved") : ""}</span>
  </form>`;
}

export const Words = ({ name, label, hint }) => html`<label class="field wide"><span>${label}</span>
  <textarea name=${name} rows="2" maxlength=${LONGEST} required placeholder=${hint}></textarea></label>`;
