// Where in its life a camera is, and taking it elsewhere.
import { useLayoutEffect, useRef, useState } from "../../vendor/preact-hooks.mjs";
import { post } from "../api.js";
import { zoned } from "../camera-fields.js";
import { html } from "../html.js";
import { formatMoment } from "../times.js";
import { inWords, t, word } from "../words.js";
import { Refused } from "./confirm.js";

// As the service has it; it decides.
const NEXT = {
  planned: ["in_service", "removed"],
  in_service: ["maintenance", "removed"],
  maintenance: ["in_service", "removed"],
  removed: ["in_service", "planned"],
};

function Move({ camera, wanted, onDone, onClose }) {
  const form = useRef(null);
  const [problem, setProblem] = useState(null);
  useLayoutEffect(() => {
    form.current.elements.reason.focus(); // the button that was pressed is gone, and the next key must not be lost
  }, []);
  const reasons = Object.fromEntries(problem?.errors.map(({ field, reason }) => [field, inWords(reason)]) ?? []);
  const said = (name) =>
    reasons[name] && html`<p id="life-${name}-problem" class="field-problem" role="alert">${reasons[name]}</p>`;
  const marks = (name) => ({
    id: `life-${name}`,
    name,
    "aria-invalid": reasons[name] ? "true" : null,
    "aria-describedby": reasons[name] ? `life-${name}-problem` : null,
  });
  async function onSubmit(submit) {
    submit.preventDefault();
    const { reason, until } = submit.currentTarget.elements;
    const body = { life: wanted, reason: reason.value, until: until ? zoned(until.value) : null };
    const answer = await post(`/cameras/${encodeURIComponent(camera.device_code)}/life`, body, { revision: camera.revision });
    if (answer.ok) onDone();
    else setProblem(answer);
  }
  return html`<form ref=${form} class="fields life-form" noValidate onSubmit=${onSubmit} aria-label=${t(`life.to.${wanted}`)}>
    <div class="field wide"><label for="life-reason">${t("file.life_reason")}</label>
      <input ...${marks("reason")} autocomplete="off" maxlength="500" />${said("reason")}</div>
    ${wanted === "maintenance" &&
    html`<div class="field"><label for="life-until">${t("file.life_until")}</label>
      <input ...${marks("until")} type="datetime-local" />${said("until")}</div>`}
    ${said("life")}
    ${problem && problem.errors.length === 0 && html`<${Refused} problem=${problem} />`}
    <p class="buttons"><button type="submit" class="primary">${t(`life.to.${wanted}`)}</button>
      <button type="button" onClick=${onClose}>${t("cancel")}</button></p>
  </form>`;
}

export function LifePanel({ camera, mayEdit, onDone }) {
  const [wanted, setWanted] = useState(null);
  const { life, life_reason: reason, life_until: until } = camera;
  const close = () => setWanted(null);
  return html`<section class="panel" aria-label=${t("camera.life")}>
    <h2>${t("camera.life")}</h2>
    <p><strong>${word("life", life)}</strong>${reason && html`${t("separator")}${reason}`}</p>
    ${until && html`<p class="muted">${t("life.until", { time: formatMoment(Date.parse(until)) })}</p>`}
    ${mayEdit &&
    wanted === null &&
    html`<p class="buttons">${NEXT[life].map(
      (next) => html`<button key=${next} type="button" onClick=${() => setWanted(next)}>${t(`life.to.${next}`)}</button>`,
    )}</p>`}
    ${wanted !== null &&
    html`<${Move} camera=${camera} wanted=${wanted} onClose=${close} onDone=${() => {
      close();
      onDone();
    }} />`}
  </section>`;
}
