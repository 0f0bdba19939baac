// What is to be mended, the most urgent first: the first thing to see.
import { withQuery } from "../api.js";
import { html } from "../html.js";
import { useResource } from "../resource.js";
import { address } from "../route.js";
import { Time } from "../times.js";
import { formatNumber, t, word } from "../words.js";
import { Evidence } from "./evidence.js";
import { Assigned, Deadline, IncidentLink, LIGHTS } from "./incident-words.js";
import { LightMark } from "./marks.js";
import { Shown } from "./states.js";

const SHOWN = 15;

/** How many of each light, each a link to its list. */
const Lights = ({ due, division }) => html`<ul class="lights">
  ${[...LIGHTS, ""].map(
    (light) => html`<li key=${light} class=${due.by_light[light] ? null : "none"}>
      <a href=${address("incidents", { query: { division, light } })}><span class="figure">${formatNumber(due.by_light[light] ?? 0)}</span>
        <${LightMark} light=${light} /></a></li>`,
  )}
  <li class=${due.unassigned ? null : "none"}><a href=${address("incidents", { query: { division, unassigned: "true" } })}><span class="figure">${formatNumber(due.unassigned)}</span> <span class="nobody">${t("incident.nobody")}</span></a></li>
</ul>`;

const Row = ({ incident, nameOf }) => html`<li class="wrong-${incident.light || "none"} incident-${incident.state}">
  <span class="wrong-due"><${Deadline} incident=${incident} /></span>
  <span class="wrong-what"><${IncidentLink} incident=${incident} />
    <span class="muted">${incident.division_code ? nameOf(incident.division_code) : t("incident.city")}${t("separator")}${t("cameras.number", { count: incident.cameras })}</span></span>
  <span class="wrong-why"><strong>${word("cause", incident.cause)}</strong><${Evidence} text=${incident.evidence} /></span>
  <span class="wrong-who"><${Time} at=${incident.began_at} since /><${Assigned} incident=${incident} /></span>
</li>`;

/** @param {{division: string | undefined, nameOf: (code: string) => string, children: any}} props  children: shown where nothing is open */
export function IncidentsDue({ division, nameOf, children }) {
  const resource = useResource(withQuery("/incidents/due", { division, limit: SHOWN }), ["incident"]);
  return html`<${Shown} resource=${resource}>${(due) =>
    due.unclosed === 0
      ? children
      : html`<${Lights} due=${due} division=${division} />
          <ul class="wrong due-list">${due.most_urgent.map((incident) => html`<${Row} key=${incident.incident_id} incident=${incident} nameOf=${nameOf} />`)}</ul>
          ${due.unclosed > due.most_urgent.length &&
          html`<p class="more">${t("due.more", { shown: due.most_urgent.length, count: due.unclosed })} <a href=${address("incidents", { query: { division } })}>${t("page.incidents")}</a></p>`}`}<//>`;
}
