import { withQuery } from "../api.js";
import { useDivisions } from "../divisions.js";
import { html } from "../html.js";
import { Choice, Chosen, DivisionFilter, TextFilter } from "../parts/filters.js";
import { Evidence } from "../parts/evidence.js";
import { Assigned, CAUSES, Deadline, IncidentLink, KINDS, LIGHTS } from "../parts/incident-words.js";
import { IncidentStateMark } from "../parts/marks.js";
import { Pager } from "../parts/pager.js";
import { Empty, Shown } from "../parts/states.js";
import { useResource } from "../resource.js";
import { address, go, refine } from "../route.js";
import { Time } from "../times.js";
import { formatNumber, rich, t, word } from "../words.js";

const PAGE_SIZE = 50;
const STATES = ["open", "recovering", "closed", "any"];
const COLUMNS = ["deadline", "state", "incident", "cause", "cameras", "began", "assigned", "division"];

function IncidentRow({ incident, nameOf }) {
  const { incident_id: id, cause, evidence, cameras, began_at: began, division_code: division } = incident;
  // The whole row is a target for the mouse; the link in it is the one for the keyboard.
  const open = (click) => {
    if (click.target.closest("a, .copyable") === null) go("incidents", { id });
  };
  return html`<tr onClick=${open} class="light-row-${incident.light || "none"}">
    <td class="cell-deadline"><${Deadline} incident=${incident} /></td>
    <td class="cell-state"><${IncidentStateMark} state=${incident.state} /></td>
    <td class="cell-incident"><${IncidentLink} incident=${incident} /></td>
    <td class="cell-why"><strong>${word("cause", cause)}</strong> <${Evidence} text=${evidence} /></td>
    <td class="cell-cameras number">${formatNumber(cameras)}</td>
    <td class="cell-since"><${Time} at=${began} since /></td>
    <td class="cell-assigned"><${Assigned} incident=${incident} /></td>
    <td class="cell-division">${division ? nameOf(division) : t("incident.city")}</td>
  </tr>`;
}

/** How many are open, and how many of these are urgent; each number leads to its list. */
function Counts({ due, query }) {
  if (!due) return null;
  const list = (count, changes) =>
    html`<a href=${address("incidents", { query: { division: query.division, ...changes } })}>${formatNumber(count)}</a>`;
  return html`${rich("incidents.count", {
    count: list(due.unclosed, {}),
    red: list(due.by_light.red ?? 0, { light: "red" }),
    unassigned: list(due.unassigned, { unassigned: "true" }),
  })}`;
}

export function IncidentsPage({ query }) {
  const { state, light, kind, cause, unit, unassigned, division, camera, after } = query;
  const asked = { state: state || null, light, kind, cause, unit, unassigned, division, device_code: camera, before: after, limit: PAGE_SIZE };
  const incidents = useResource(withQuery("/incidents", asked), ["incident"]);
  const due = useResource(withQuery("/incidents/due", { division, limit: 0 }), ["incident"]);
  const { nameOf } = useDivisions();
  const anything = [state, light, kind, cause, unit, unassigned, division, camera].some(Boolean);
  const nothing = { state: null, light: null, kind: null, cause: null, unit: null, unassigned: null, division: null, camera: null, after: null };
  return html`<h1 class="only-read">${t("page.incidents")}</h1>
    <form class="filters" role="search" aria-label=${t("filter.incidents")} onSubmit=${(submit) => submit.preventDefault()}>
      <${Choice} name="state" value=${state} label=${t("field.state")} all=${t("incident_state.unclosed")}
        options=${STATES.map((name) => [name, t(`incident_state.${name}`)])} />
      <${Choice} name="light" value=${light} label=${t("field.deadline")} options=${LIGHTS.map((name) => [name, t(`light.${name}`)])} />
      <${Choice} name="kind" value=${kind} label=${t("field.kind")} options=${KINDS.map((name) => [name, t(`incident_kind.${name}`)])} />
      <${Choice} name="cause" value=${cause} label=${t("field.cause")} options=${CAUSES.map((name) => [name, t(`cause.${name}`)])} />
      <${DivisionFilter} value=${division} />
      <${TextFilter} name="unit" value=${unit} label=${t("field.assigned")} hint=${t("incident.unit.hint")} />
      ${unassigned && html`<${Chosen} label=${t("field.assigned")} onDrop=${() => refine({ unassigned: null, after: null })}>${t("incident.nobody")}<//>`}
      ${camera && html`<${Chosen} label=${t("field.camera")} onDrop=${() => refine({ camera: null, after: null })}>${camera}<//>`}
      ${anything && html`<button type="button" class="quiet clear" onClick=${() => refine(nothing)}>${t("filter.clear")}</button>`}
    </form>
    <p class="list-head" role="status"><${Counts} due=${due.data} query=${query} /></p>
    <section class="panel">
      <${Shown} resource=${incidents}>${({ incidents: rows, next }) =>
        rows.length === 0
          ? html`<${Empty} icon=${anything ? "search" : "tick"}><strong>${t(anything ? "incidents.empty.filtered" : "incidents.empty")}</strong>
              <p>${t(anything ? "cameras.empty.help" : "incidents.empty.help")}</p><//>`
          : html`<div class="table-frame"><table class="cameras incidents">
                <thead><tr>${COLUMNS.map((name) => html`<th key=${name} scope="col" class=${name === "cameras" ? "number" : null}>${t(`field.${name}`)}</th>`)}</tr></thead>
                <tbody>${rows.map((incident) => html`<${IncidentRow} key=${incident.incident_id} incident=${incident} nameOf=${nameOf} />`)}</tbody>
              </table></div>
              <${Pager} page="incidents" query=${query} next=${next} />`}<//>
    </section>`;
}
