// One import: how far it is, what became of it, and what may follow.
import { useEffect, useState } from "../../vendor/preact-hooks.mjs";
import { fileAddress, post, withQuery } from "../api.js";
import { html } from "../html.js";
import { Confirm } from "../parts/confirm.js";
import { Sending, fileOf, startImport } from "../parts/import-form.js";
import { RunMark } from "../parts/marks.js";
import { Shown } from "../parts/states.js";
import { useResource } from "../resource.js";
import { address } from "../route.js";
import { Time } from "../times.js";
import { formatNumber, getLanguage, inWords, t, word } from "../words.js";

const ASK_AGAIN_MS = 700;
const COUNTS = ["added", "changed", "unchanged", "missing", "refused_rows", "without_path", "retired"];

const Counts = ({ run }) => html`<ul class="tiles run-counts">
  ${COUNTS.filter((name) => run[name] !== null && (run[name] > 0 || !["without_path", "retired"].includes(name))).map(
    (name) => html`<li key=${name} class="tile ${name === "refused_rows" && run[name] > 0 ? "tile-offline" : ""}" title=${t(`imports.${name}.help`)}>
      <span class="figure">${formatNumber(run[name])}</span><span>${t(`imports.${name}`)}</span></li>`,
  )}
</ul>`;

const Refusals = ({ run }) => html`<section class="panel" aria-label=${t("imports.refusals")}>
  <h2>${t("imports.refusals")}
    ${run.has_refused_sheet && html`<a class="button" href=${fileAddress(withQuery(`/imports/${run.import_id}/refused.xlsx`, { lang: getLanguage() }))} download>${t("imports.download")}</a>`}</h2>
  <p class="muted">${t("imports.refusals.help")}</p>
  <div class="table-frame"><table class="refusals">
    <thead><tr>${["row", "field", "value", "reason"].map((name) => html`<th key=${name} scope="col">${t(`imports.column.${name}`)}</th>`)}</tr></thead>
    <tbody>${run.problems.map(
      ({ row, field, value, reason }, index) => html`<tr key=${index}>
        <td class="number">${formatNumber(row)}</td><td class="cell-field">${field ? word("file", field) : t("imports.whole_row")}</td>
        <td class="cell-value"><code>${value}</code></td><td>${inWords(reason)}</td></tr>`,
    )}</tbody>
  </table></div>
  ${new Set(run.problems.map(({ row }) => row)).size < run.refused_rows && run.has_refused_sheet && html`<p class="muted">${t("imports.problems_shown", { count: run.problems.length })}</p>`}
</section>`;

/** After a trial: the same file in earnest. */
function InEarnest({ run }) {
  const [share, setShare] = useState(null);
  const [asked, setAsked] = useState(null); // the cameras to retire, once somebody wants to
  const [retire, setRetire] = useState(false);
  const kept = fileOf(run.import_id);
  const count = run.added + run.changed;
  if (!kept) return html`<p>${t("imports.file_gone")} <a href=${address("imports")}>${t("imports.again")}</a></p>`;
  if (share !== null) return html`<${Sending} share=${share} />`;
  const act = async () => {
    setShare(0);
    const how = { ...kept.how, ...(retire ? { retire_missing: run.missing } : {}) };
    const answer = await startImport(kept.file, how, { dryRun: false, onProgress: setShare });
    setShare(null);
    return answer;
  };
  // Only of a division that the file is said to cover can anything be missing in it.
  const held = kept.how.all_or_nothing && run.refused_rows > 0;
  return html`<div class="in-earnest">
    ${kept.how.division && run.missing > 0 &&
    html`<label class="tick"><input type="checkbox" checked=${retire} onChange=${(change) => setRetire(change.currentTarget.checked)} />
      ${t("imports.retire", { count: run.missing })}</label>`}
    <p class="buttons"><button type="button" class="primary" disabled=${held || (count === 0 && !retire)} onClick=${() => setAsked(true)}>${t("imports.do", { count })}</button>
      <a class="button" href=${address("imports")}>${t("imports.other_file")}</a></p>
    ${held && html`<p class="muted">${t("imports.held")}</p>`}
    ${!held && count === 0 && !retire && html`<p class="muted">${t("imports.nothing")}</p>`}
    ${asked &&
    html`<${Confirm} title=${t("imports.confirm", { file: run.file_name })} doing=${t("imports.do", { count })} act=${act}
      onDone=${() => {}} onClose=${() => setAsked(null)}>
      <p>${t("imports.confirm.help", { added: run.added, changed: run.changed, refused: run.refused_rows })}</p>
      ${retire && html`<p class="form-problem">${t("imports.confirm.retire", { count: run.missing })}</p>`}
    <//>`}
  </div>`;
}

function Undo({ run, onDone }) {
  const [asked, setAsked] = useState(false);
  const [done, setDone] = useState(null);
  if (done) {
    return html`<div class="undone" role="status"><p>${t("imports.undone", { restored: done.restored, deleted: done.deleted })}</p>
      ${done.conflicts.length > 0 &&
      html`<p>${t("imports.conflicts", { count: done.conflicts.length })}</p>
        <ul>${done.conflicts.map((code) => html`<li key=${code}><a href=${address("cameras", { id: code })}>${code}</a></li>`)}</ul>`}</div>`;
  }
  if (run.state === "undone") return html`<p>${t("imports.was_undone")}</p>`;
  return html`<p class="buttons"><button type="button" onClick=${() => setAsked(true)}>${t("imports.undo")}</button></p>
    ${asked &&
    html`<${Confirm} title=${t("imports.undo.title", { file: run.file_name })} doing=${t("imports.undo")}
      act=${() => post(`/imports/${run.import_id}/undo`, {})} onClose=${() => setAsked(false)}
      onDone=${(report) => {
        setDone(report);
        onDone();
      }}>
      <p>${t("imports.undo.help", { added: run.added, changed: run.changed })}</p>
    <//>`}`;
}

function Report({ run, again }) {
  const { state, dry_run: isTrial } = run;
  useEffect(() => {
    if (state !== "running") return undefined;
    const timer = setInterval(again, ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [state]);
  const ended = ["done", "stopped", "undone"].includes(state);
  return html`<section class="panel" aria-label=${t("imports.report")}>
    <header class="run-head"><h1>${run.file_name}</h1>
      <p><${RunMark} state=${state} /> ${isTrial && html`<span class="tag">${t("imports.dry_run")}</span>`}
        ${" "}${run.actor} <${Time} at=${run.started_at} /></p></header>
    ${state === "running" &&
    html`<p class="sending" role="status">${t("imports.running", { count: run.last_row })} <progress aria-label=${t("run.running")}></progress></p>`}
    ${state === "done" && html`<p role="status"><strong>${t(isTrial ? "imports.tried" : "imports.imported")}</strong></p>`}
    ${state === "stopped" && html`<p class="form-problem" role="status">${t("imports.stopped_at", { row: run.last_row })}</p>`}
    ${state === "failed" && html`<div class="form-problem" role="alert"><strong>${t("imports.failed")}</strong><p>${inWords(run.problem)}</p></div>`}
    <${Counts} run=${run} />
    ${run.missing > run.retired && html`<p class="muted">${t("imports.missing.kept", { count: run.missing - run.retired })}</p>`}
    ${run.remarks.length > 0 && html`<ul class="remarks muted">${run.remarks.map((remark) => html`<li key=${remark}>${inWords(remark)}</li>`)}</ul>`}
    ${state === "done" && isTrial && html`<${InEarnest} run=${run} />`}
    ${ended && !isTrial && run.added + run.changed + run.retired > 0 && html`<${Undo} run=${run} onDone=${again} />`}
  </section>
  ${run.refused_rows > 0 && html`<${Refusals} run=${run} />`}`;
}

export function ImportPage({ id }) {
  const resource = useResource(`/imports/${encodeURIComponent(id)}`, []);
  return html`<p class="crumbs"><a href=${address("imports")}>${t("page.imports")}</a></p>
    <${Shown} resource=${resource}>${(run) => html`<${Report} key=${run.import_id} run=${run} again=${resource.again} />`}<//>`;
}
