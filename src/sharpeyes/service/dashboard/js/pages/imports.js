import { withQuery } from "../api.js";
import { html } from "../html.js";
import { ImportForm } from "../parts/import-form.js";
import { RunMark } from "../parts/marks.js";
import { Pager } from "../parts/pager.js";
import { Empty, Shown } from "../parts/states.js";
import { useResource } from "../resource.js";
import { address } from "../route.js";
import { may } from "../session.js";
import { Time } from "../times.js";
import { formatNumber, t } from "../words.js";

const PAGE_SIZE = 20;
const COUNTS = ["added", "changed", "unchanged", "refused_rows"];

function Run({ run }) {
  return html`<tr>
    <td class="cell-status"><${RunMark} state=${run.state} /></td>
    <td class="cell-name"><a href=${address("imports", { id: String(run.import_id) })}>${run.file_name}</a>
      ${run.dry_run && html` <span class="tag">${t("imports.dry_run")}</span>`}</td>
    <td><${Time} at=${run.started_at} /></td>
    <td>${run.actor}</td>
    ${COUNTS.map((name) => html`<td key=${name} class="number ${name === "refused_rows" && run[name] > 0 ? "bad" : ""}" data-label=${t(`imports.${name}`)}>${formatNumber(run[name])}</td>`)}
  </tr>`;
}

export function ImportsPage({ query }) {
  // One more than is shown tells whether there is a next page.
  const runs = useResource(withQuery("/imports", { before: query.before, limit: PAGE_SIZE + 1 }), ["camera"]);
  return html`<h1 class="only-read">${t("page.imports")}</h1>
    ${may("cameras:write") && html`<${ImportForm} />`}
    <section class="panel" aria-label=${t("imports.past")}>
      <h2>${t("imports.past")}</h2>
      <${Shown} resource=${runs}>${({ imports }) => {
        const shown = imports.slice(0, PAGE_SIZE);
        return shown.length === 0
          ? html`<${Empty} icon="imports"><strong>${t("imports.empty")}</strong><p>${t("imports.empty.help")}</p><//>`
          : html`<div class="table-frame"><table class="runs">
                <thead><tr>${["state", "file", "started", "actor"].map((name) => html`<th key=${name} scope="col">${t(`imports.column.${name}`)}</th>`)}
                  ${COUNTS.map((name) => html`<th key=${name} scope="col" class="number">${t(`imports.${name}`)}</th>`)}</tr></thead>
                <tbody>${shown.map((run) => html`<${Run} key=${run.import_id} run=${run} />`)}</tbody>
              </table></div>
              <${Pager} page="imports" query=${query} name="before" next=${imports.length > PAGE_SIZE ? String(shown.at(-1).import_id) : null} />`;
      }}<//>
    </section>`;
}
