import { useEffect, useRef, useState } from "../../vendor/preact-hooks.mjs";
import { html } from "../html.js";
import { getLanguage, t } from "../words.js";
import { refusalWords } from "./refusal.js";

/** What went wrong with a deed, in our words and in the service's. */
export const Refused = ({ problem }) =>
  html`<div class="form-problem" role="alert"><strong>${t(`problem.${problem.kind}`)}</strong>
    ${problem.detail && html`<p lang=${refusalWords(problem) === problem.detail && getLanguage() !== "en" ? "en" : null}>${refusalWords(problem)}</p>`}</div>`;

/**
 * Ask before something is done that others will notice, and say what came of it if it fails.
 *
 * @param {{title: string, doing: string, act: () => Promise<object>, onDone: (data: any) => void, onClose: () => void}} props
 *   doing: the words on the button that does it
 */
export function Confirm({ title, doing, act, onDone, onClose, children }) {
  const dialog = useRef(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    dialog.current.showModal(); // keeps the keyboard within, and gives it back
  }, []);
  const confirm = async () => {
    setBusy(true);
    const answer = await act();
    setBusy(false);
    if (!answer.ok) setProblem(answer);
    else {
      onClose();
      onDone(answer.data);
    }
  };
  return html`<dialog ref=${dialog} aria-label=${title} onClose=${onClose}>
    <h2>${title}</h2>
    ${children}
    ${problem && html`<${Refused} problem=${problem} />`}
    <p class="buttons">
      <button type="button" class="primary" disabled=${busy} onClick=${confirm}>${doing}</button>
      <button type="button" onClick=${() => dialog.current.close()}>${t("cancel")}</button>
    </p>
  </dialog>`;
}
