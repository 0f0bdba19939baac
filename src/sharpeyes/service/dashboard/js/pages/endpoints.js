// Where events are sent, and whether they arrive.
import { html } from "../html.js";
import { Wanted, countWords, latencyWords, stateOf } from "../parts/endpoint-words.js";
import { Evidence } from "../parts/evidence.js";
import { EndpointMark } from "../parts/marks.js";
import { Empty, Shown } from "../parts/states.js";
import { useLookAgain, useResource } from "../resource.js";
import { address } from "../route.js";
import { Time } from "../times.js";
import { t } from "../words.js";

const LOOK_AGAIN_MS = 5000;
const WORST_FIRST = ["disabled", "deferred", "failing", "paused", "active"];

const Figure = ({ name, children }) => html`<div><dt>${t(`endpoint.${name}`)}</dt><dd>${children}</dd></div>`;

function Card({ endpoint }) {
  const { name, pending, dead, attempts_lately: attempts } = endpoint;
  return html`<li class="panel endpoint-card">
    <h2><a href=${address("endpoints", { id: name })}>${name}</a><${EndpointMark} state=${stateOf(endpoint)} /></h2>
    <p class="muted"><${Wanted} endpoint=${endpoint} /></p>
    <dl class="endpoint-figures">
      <${Figure} name="last_success"><${Time} at=${endpoint.last_success_at} /><//>
      <${Figure} name="pending">${countWords(pending)}${endpoint.oldest_pending_at && html` <${Time} at=${endpoint.oldest_pending_at} since />`}<//>
      <${Figure} name="dead"><span class=${dead > 0 ? "bad" : null}>${countWords(dead)}</span><//>
      <${Figure} name="latency">${attempts === 0 ? t("none") : t("endpoint.latency.words", { half: latencyWords(endpoint.latency_p50_ms), most: latencyWords(endpoint.latency_p95_ms) })}<//>
      ${stateOf(endpoint) !== "active" && endpoint.last_failure && html`<${Figure} name="last_failure"><${Time} at=${endpoint.last_failure_at} /> <${Evidence} text=${endpoint.last_failure} /><//>`}
    </dl>
  </li>`;
}

export function EndpointsPage() {
  const resource = useResource("/endpoints", ["event"]);
  useLookAgain(resource, LOOK_AGAIN_MS);
  const place = (endpoint) => WORST_FIRST.indexOf(stateOf(endpoint));
  return html`<h1 class="only-read">${t("page.endpoints")}</h1>
    <${Shown} resource=${resource}>${({ endpoints }) =>
      endpoints.length === 0
        ? html`<section class="panel"><${Empty} icon="endpoints"><strong>${t("endpoints.empty")}</strong><p>${t("endpoints.empty.help")}</p><//></section>`
        : html`<ul class="endpoints">${[...endpoints].sort((a, b) => place(a) - place(b)).map((endpoint) => html`<${Card} key=${endpoint.name} endpoint=${endpoint} />`)}</ul>`}<//>`;
}
