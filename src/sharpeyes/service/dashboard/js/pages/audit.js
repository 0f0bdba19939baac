import { withQuery } from "../api.js";
import { html } from "../html.js";
import { Choice, TextFilter } from "../parts/filters.js";
import { Pager } from "../parts/pager.js";
import { Empty, Shown } from "../parts/states.js";
import { useResource } from "../resource.js";
import { address } from "../route.js";
import { Time } from "../times.js";
import { t, word } from "../words.js";

const PAGE_SIZE = 100;
const COLUMNS = ["at", "actor", "deed", "object", "outcome", "detail"];
const DEVICE_CODE = /^\d{20}$/;

const Subject = ({ name }) => (DEVICE_CODE.test(name) ? html`<a href=${address("cameras", { id: name })}>${name}</a>` : name);

export function AuditPage({ query }) {
  const { actor, outcome, after } = query;
  const resource = useResource(withQuery("/audit", { actor, outcome, after, limit: PAGE_SIZE }), []);
  return html`<h1 class="only-read">${t("page.audit")}</h1>
    <form class="filters" role="search" aria-label=${t("filter.audit")} onSubmit=${(submit) => submit.preventDefault()}>
      <${TextFilter} name="actor" value=${actor} label=${t("audit.actor")} hint=${t("audit.actor.hint")} icon="search" />
      <${Choice} name="outcome" value=${outcome} label=${t("audit.outcome")} options=${["done", "refused"].map((name) => [name, t(`outcome.${name}`)])} />
    </form>
    <p class="list-head">${t("audit.help")}</p>
    <section class="panel">
      <${Shown} resource=${resource}>${({ entries, next }) =>
        entries.length === 0
          ? html`<${Empty} icon="audit"><strong>${t("audit.empty")}</strong><p>${t("cameras.empty.help")}</p><//>`
          : html`<div class="table-frame"><table class="audit">
                <thead><tr>${COLUMNS.map((name) => html`<th key=${name} scope="col">${t(`audit.${name}`)}</th>`)}</tr></thead>
                <tbody>${entries.map(
                  (entry) => html`<tr key=${entry.sequence} title=${t("audit.hash", { sequence: entry.sequence, hash: entry.hash })}>
                    <td><${Time} at=${entry.at} /></td><td>${entry.actor}</td><td><code>${entry.action}</code></td>
                    <td class="cell-value audit-object"><${Subject} name=${entry.object} /></td>
                    <td class=${entry.outcome === "refused" ? "bad" : null}>${word("outcome", entry.outcome)}</td>
                    <td class="cell-value"><code>${Object.keys(entry.detail).length > 0 && JSON.stringify(entry.detail)}</code></td>
                  </tr>`,
                )}</tbody>
              </table></div>
              <${Pager} page="audit" query=${query} next=${next === null ? null : String(next)} />`}<//>
    </section>`;
}
