// Two people changed the same file: both values are shown, and one of them is chosen.
import { useState } from "../../vendor/preact-hooks.mjs";
import { FIELDS, isSame, toDraft } from "../camera-fields.js";
import { html } from "../html.js";
import { t } from "../words.js";
import { FieldLabel, FieldValue } from "./field-value.js";

/** The fields that both have changed, each to something else. */
export function contested(base, draft, theirs) {
  return FIELDS.filter((field) => {
    const [before, now] = [base, theirs].map((camera) => toDraft(field, camera[field.name]));
    const mine = draft[field.name];
    return !isSame(mine, before) && !isSame(now, before) && !isSame(mine, now);
  });
}

/** The fields that only they have changed: they stay as they are now. */
const changedByThem = (base, draft, theirs) =>
  FIELDS.filter((field) => {
    const [before, now] = [base, theirs].map((camera) => toDraft(field, camera[field.name]));
    return !isSame(now, before) && isSame(draft[field.name], before);
  });

function Side({ field, side, chosen, onChoose, children }) {
  return html`<td><label class="choose">
    <input type="radio" name="choose-${field.name}" checked=${chosen === side} onChange=${() => onChoose(side)} />
    <span>${children}</span></label></td>`;
}

/**
 * @param {{base: object, draft: object, theirs: object, shown: (field: object) => string,
 *   onDecided: (kept: Set<string>) => void, onDrop: () => void}} props
 *   onDecided gets the names of the fields of which ours is to win
 */
export function Conflict({ base, draft, theirs, shown, onDecided, onDrop }) {
  const fields = contested(base, draft, theirs);
  const silent = changedByThem(base, draft, theirs);
  const [chosen, setChosen] = useState({});
  const open = fields.some(({ name }) => !chosen[name]);
  const kept = new Set(fields.filter(({ name }) => chosen[name] === "mine").map(({ name }) => name));
  return html`<section class="panel conflict" role="alertdialog" aria-label=${t("conflict.title")}>
    <h2>${t("conflict.title")}</h2>
    <p>${t(fields.length > 0 ? "conflict.help" : "conflict.none")}</p>
    ${fields.length > 0 &&
    html`<div class="table-frame"><table>
      <thead><tr><th scope="col">${t("field.field")}</th><th scope="col">${t("conflict.before")}</th>
        <th scope="col">${t("conflict.theirs")}</th><th scope="col">${t("conflict.mine")}</th></tr></thead>
      <tbody>
        ${fields.map((field) => {
          const side = { field, chosen: chosen[field.name], onChoose: (one) => setChosen({ ...chosen, [field.name]: one }) };
          const value = (camera) =>
            html`<${FieldValue} name=${field.name} value=${camera[field.name]} edition=${camera.code_edition} />`;
          return html`<tr key=${field.name}>
            <th scope="row"><${FieldLabel} name=${field.name} /></th>
            <td>${value(base)}</td>
            <${Side} ...${side} side="theirs">${value(theirs)}<//>
            <${Side} ...${side} side="mine">${shown(field) || t("none")}<//>
          </tr>`;
        })}
      </tbody></table></div>`}
    ${silent.length > 0 &&
    html`<p class="muted">${t("conflict.silent")} ${silent.map(
      ({ name }, index) => html`${index > 0 && t("list.comma")}<${FieldLabel} name=${name} />`,
    )}</p>`}
    <p class="buttons">
      <button type="button" class="primary" disabled=${open} onClick=${() => onDecided(kept)}>${t("conflict.save")}</button>
      <button type="button" onClick=${onDrop}>${t("conflict.drop")}</button>
    </p>
  </section>`;
}
