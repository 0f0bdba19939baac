// Hand in a file: first only to hear what would become of it.
import { useRef, useState } from "../../vendor/preact-hooks.mjs";
import { fileAddress, withQuery } from "../api.js";
import { html } from "../html.js";
import { go } from "../route.js";
import { may } from "../session.js";
import { upload } from "../upload.js";
import { formatShare, t } from "../words.js";
import { Refused } from "./confirm.js";
import { DivisionPicker } from "./division-picker.js";

// The browser lets a file be read again only while this page is open.
const files = new Map();

/** The file that an import was of, and how it was read; undefined once the page was loaded anew. */
export const fileOf = (importId) => files.get(importId);

/**
 * @param {File} file
 * @param {{all_or_nothing?: boolean, division?: string, retire_missing?: number}} how
 * @returns {Promise<object>} the answer; the import's page is then shown
 */
export async function startImport(file, how, { dryRun, onProgress }) {
  const query = { ...how, name: file.name, dry_run: dryRun, all_or_nothing: Boolean(how.all_or_nothing) };
  const answer = await upload(withQuery("/imports", query), file, onProgress);
  if (answer.ok) {
    files.set(answer.data.import_id, { file, how });
    go("imports", { id: String(answer.data.import_id) });
  }
  return answer;
}

export const Sending = ({ share }) => html`<p class="sending" role="status">${t("imports.sending", { share: formatShare(share, 1) })}
  <progress value=${share} max="1" aria-label=${t("imports.sending_file")}></progress></p>`;

export function ImportForm() {
  const input = useRef(null);
  const [division, setDivision] = useState("");
  const [whole, setWhole] = useState(false);
  const [share, setShare] = useState(null); // of the file that has been sent; null: nothing is on its way
  const [problem, setProblem] = useState(null);
  async function onSubmit(submit) {
    submit.preventDefault();
    const [file] = input.current.files;
    setProblem(null);
    setShare(0);
    const answer = await startImport(file, { division, all_or_nothing: whole }, { dryRun: true, onProgress: setShare });
    setShare(null);
    if (!answer.ok) setProblem(answer);
  }
  return html`<form class="panel import-form" onSubmit=${onSubmit} aria-label=${t("imports.new")}>
    <h2>${t("imports.new")}</h2>
    <p class="muted">${t("imports.help")}</p>
    ${may("cameras:read") &&
    html`<p class="buttons">${["catalogue", "fields"].map(
      (columns) => html`<a key=${columns} class="button" download href=${fileAddress(withQuery("/cameras/export", { format: "xlsx", columns, headings: true }))}>${t(`imports.sheet.${columns}`)}</a>`,
    )}</p>`}
    <div class="fields">
      <div class="field wide"><label for="import-file">${t("imports.file")}</label>
        <input ref=${input} id="import-file" type="file" required accept=".csv,.xlsx,text/csv" /></div>
      <div class="field"><label for="import-division">${t("imports.division")}</label>
        <${DivisionPicker} id="import-division" name="division" value=${division} onPick=${setDivision} empty=${t("imports.division.none")} />
        <p class="muted">${t("imports.division.help")}</p></div>
      <div class="field"><label class="tick"><input type="checkbox" name="whole" checked=${whole} onChange=${(change) => setWhole(change.currentTarget.checked)} />
        ${t("imports.whole")}</label><p class="muted">${t("imports.whole.help")}</p></div>
    </div>
    ${problem && html`<${Refused} problem=${problem} />`}
    ${share === null
      ? html`<p class="buttons"><button type="submit" class="primary">${t("imports.try")}</button></p>`
      : html`<${Sending} share=${share} />`}
  </form>`;
}
