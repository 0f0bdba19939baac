// Changing a camera's file: only what was changed is sent, and only onto what was read.
import { useEffect, useRef, useState } from "../../vendor/preact-hooks.mjs";
import { get, patch } from "../api.js";
import { FIELDS, GROUPS, fromDraft, isSame, toDraft } from "../camera-fields.js";
import { html } from "../html.js";
import { inWords, t, word } from "../words.js";
import { Conflict, contested } from "./conflict.js";
import { Refused } from "./confirm.js";
import { FieldInput } from "./field-input.js";
import { useFieldText } from "./field-value.js";

const draftOf = (camera) => Object.fromEntries(FIELDS.map((field) => [field.name, toDraft(field, camera[field.name])]));

const changesOf = (camera, draft) =>
  Object.fromEntries(
    FIELDS.filter((field) => !isSame(draft[field.name], toDraft(field, camera[field.name]))).map((field) => [
      field.name,
      fromDraft(field, draft[field.name]),
    ]),
  );

/** The service's reasons by field: of `functions[2]` it is the field that somebody can mend. */
const reasonsOf = (problem) => Object.fromEntries(problem.errors.map(({ field, reason }) => [field.split(/[.[]/)[0], inWords(reason)]));

function Credentials({ stored, draft, problems, onDraft }) {
  const note = t(stored ? "credentials.stored" : "credentials.none");
  return html`<div class="field-note muted">${t("file.credentials")}${t("colon")}${note}</div>
    ${["username", "password"].map(
      (name) => html`<div key=${name} class="field ${problems[name] ? "refused" : ""}">
        <label for="field-${name}">${word("file", name)}</label>
        <input id="field-${name}" type=${name === "password" ? "password" : "text"} autocomplete="new-password" value=${draft[name] ?? ""}
          aria-invalid=${problems[name] ? "true" : null} onInput=${(change) => onDraft(name, change.currentTarget.value)} />
        ${problems[name] && html`<p class="field-problem">${problems[name]}</p>`}
      </div>`,
    )}`;
}

/** @param {{camera: object, onDone: () => void}} props  camera: as it is when editing begins */
export function CameraForm({ camera, onDone }) {
  const form = useRef(null);
  const [base, setBase] = useState(camera); // later news must not move under somebody's hands
  const [draft, setDraft] = useState(() => draftOf(camera));
  const [secret, setSecret] = useState({});
  const [refused, setRefused] = useState(null);
  const [theirs, setTheirs] = useState(null);
  const [saving, setSaving] = useState(false);
  const text = useFieldText();
  const reasons = refused ? reasonsOf(refused) : {};
  const edition = Number(draft.code_edition) || base.code_edition;
  const put = (name, value) => setDraft((last) => ({ ...last, [name]: value }));

  useEffect(() => {
    form.current?.querySelector("[aria-invalid=true]")?.focus();
  }, [refused]);

  const filled = Object.fromEntries(Object.entries(secret).filter(([, value]) => value !== ""));

  async function save(onto, wanted) {
    const changes = { ...changesOf(onto, wanted), ...filled };
    if (Object.keys(changes).length === 0) return onDone();
    setSaving(true);
    const path = `/cameras/${encodeURIComponent(onto.device_code)}`;
    const answer = await patch(path, changes, onto.revision);
    if (answer.kind === "changed") {
      const now = await get(path);
      setTheirs(now.ok ? now.data : null);
      setRefused(now.ok ? null : now);
    } else if (!answer.ok) setRefused(answer);
    setSaving(false);
    return answer.ok && onDone();
  }

  /** Put our changes upon theirs, without those of which theirs was chosen. */
  function decided(kept) {
    const lost = new Set(contested(base, draft, theirs).map(({ name }) => name).filter((name) => !kept.has(name)));
    const ours = Object.keys(changesOf(base, draft)).filter((name) => !lost.has(name));
    const merged = { ...draftOf(theirs), ...Object.fromEntries(ours.map((name) => [name, draft[name]])) };
    setBase(theirs);
    setDraft(merged);
    setTheirs(null);
    save(theirs, merged);
  }

  if (theirs) {
    return html`<${Conflict} base=${base} draft=${draft} theirs=${theirs} onDecided=${decided} onDrop=${onDone}
      shown=${(field) => text(field.name, fromDraft(field, draft[field.name]), edition)} />`;
  }
  const count = Object.keys(reasons).length;
  return html`<form ref=${form} class="camera-form" noValidate aria-label=${t("camera.edit")} onSubmit=${(submit) => {
    submit.preventDefault();
    save(base, draft);
  }}>
    ${refused && html`<div class="panel">${count > 0 ? html`<p class="form-problem" role="alert">${t("edit.refused", { count })}</p>` : html`<${Refused} problem=${refused} />`}</div>`}
    ${GROUPS.map(
      (group) => html`<fieldset key=${group.name} class="panel"><legend>${t(`group.${group.name}`)}</legend>
        <div class="fields">
          ${group.fields.map(
            (field) =>
              html`<${FieldInput} key=${field.name} field=${field} draft=${draft[field.name]} edition=${edition}
                problem=${reasons[field.name] ?? null} onDraft=${(value) => put(field.name, value)} />`,
          )}
          ${group.name === "polling" &&
          html`<${Credentials} stored=${base.has_credentials} draft=${secret} problems=${reasons}
            onDraft=${(name, value) => setSecret({ ...secret, [name]: value })} />`}
        </div>
      </fieldset>`,
    )}
    <p class="form-foot">
      <button type="submit" class="primary" disabled=${saving}>${t(saving ? "edit.saving" : "edit.save")}</button>
      <button type="button" onClick=${onDone}>${t("cancel")}</button>
      <span class="muted">${t("edit.changed", { count: Object.keys(changesOf(base, draft)).length })}</span>
    </p>
  </form>`;
}
