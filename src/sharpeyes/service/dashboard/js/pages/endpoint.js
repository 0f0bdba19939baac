// One endpoint: whether it takes what is sent to it, what waits, every attempt, and what can be done.
import { useRef } from "../../vendor/preact-hooks.mjs";
import { html } from "../html.js";
import { Copyable } from "../parts/camera-name.js";
import { Evidence } from "../parts/evidence.js";
import { EndpointDeliveries } from "../parts/endpoint-deliveries.js";
import { EndpointFilter } from "../parts/endpoint-filter.js";
import { countWords, latencyWords, stateOf } from "../parts/endpoint-words.js";
import { EndpointWork } from "../parts/endpoint-work.js";
import { EndpointMark } from "../parts/marks.js";
import { Shown } from "../parts/states.js";
import { useLookAgain, useResource } from "../resource.js";
import { address } from "../route.js";
import { may } from "../session.js";
import { Time } from "../times.js";
import { formatShare, t } from "../words.js";

// Nothing tells of a delivery that has arrived.
const LOOK_AGAIN_MS = 5000;

const Row = ({ name, children }) => html`<div><dt>${t(`endpoint.${name}`)}</dt><dd>${children}</dd></div>`;

function Health({ endpoint }) {
  const { pending, dead, attempts_lately: attempts, failed_lately: failed, deferred_until: until } = endpoint;
  const list = (state, count) => html`<a href=${address("endpoints", { id: endpoint.name, query: { state } })}>${countWords(count)}</a>`;
  return html`<section class="panel" aria-label=${t("endpoint.health")}>
    <h2>${t("endpoint.health")}</h2>
    <dl class="file">
      <${Row} name="state"><${EndpointMark} state=${stateOf(endpoint)} />
        ${until !== null && endpoint.state === "active" && html`<p class="muted">${t("endpoint.deferred.help")} <${Time} at=${until} /></p>`}<//>
      <${Row} name="last_success"><${Time} at=${endpoint.last_success_at} /><//>
      <${Row} name="last_failure"><${Time} at=${endpoint.last_failure_at} /> <${Evidence} text=${endpoint.last_failure} /><//>
      <${Row} name="pending">${list("pending", pending)}
        ${endpoint.oldest_pending_at !== null && html` <span class="muted">${t("endpoint.oldest")}</span> <${Time} at=${endpoint.oldest_pending_at} since />`}<//>
      <${Row} name="dead"><span class=${dead > 0 ? "bad" : null}>${list("dead", dead)}</span><//>
      <${Row} name="latency">${attempts === 0 ? t("none") : t("endpoint.latency.words", { half: latencyWords(endpoint.latency_p50_ms), most: latencyWords(endpoint.latency_p95_ms) })}<//>
      <${Row} name="failed">${attempts === 0 ? t("none") : t("endpoint.failed.words", { failed, attempts, share: formatShare(failed, attempts) })}<//>
      <${Row} name="url"><${Copyable}>${endpoint.url}<//><//>
      <${Row} name="added"><${Time} at=${endpoint.created_at} /><//>
    </dl>
  </section>`;
}

export function EndpointPage({ id, query }) {
  const resource = useResource(`/endpoints/${encodeURIComponent(id)}`, ["event"]);
  const deliveries = useRef(() => {});
  const mayWrite = may("endpoints:write");
  useLookAgain(resource, LOOK_AGAIN_MS);
  const refresh = () => {
    resource.again();
    deliveries.current();
  };
  return html`<p class="crumbs"><a href=${address("endpoints")}>${t("page.endpoints")}</a></p>
    <${Shown} resource=${resource}>${(endpoint) => html`
      <header class="head"><h1>${endpoint.name}</h1>
        <p class="head-status"><${EndpointMark} state=${stateOf(endpoint)} /></p></header>
      <div class="incident-parts">
        <div class="incident-side"><${Health} endpoint=${endpoint} />
          <${EndpointFilter} endpoint=${endpoint} mayEdit=${mayWrite} again=${refresh} /></div>
        ${mayWrite && html`<div class="incident-side"><${EndpointWork} endpoint=${endpoint} again=${refresh} /></div>`}
      </div>
      <${EndpointDeliveries} name=${endpoint.name} query=${query} refreshed=${deliveries} again=${resource.again} />`}<//>`;
}
