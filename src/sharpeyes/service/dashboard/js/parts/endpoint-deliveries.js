// What was sent to an endpoint, with every attempt, and sending one again.
import { useState } from "../../vendor/preact-hooks.mjs";
import { post, withQuery } from "../api.js";
import { html } from "../html.js";
import { useResource } from "../resource.js";
import { address } from "../route.js";
import { may } from "../session.js";
import { t, word } from "../words.js";
import { Attempts } from "./attempts.js";
import { CameraLink } from "./camera-name.js";
import { Refused } from "./confirm.js";
import { answerWords, latencyWords } from "./endpoint-words.js";
import { shortType } from "./event-words.js";
import { Choice } from "./filters.js";
import { DeliveryMark } from "./marks.js";
import { Pager } from "./pager.js";
import { Empty, Shown } from "./states.js";
import { Time } from "../times.js";

const PAGE_SIZE = 50;
const STATES = ["dead", "pending", "delivered"];
const COLUMNS = ["recorded_at", "type", "camera", "state", "attempts", "answer"];

function AttemptsOf({ eventId, endpoint }) {
  const resource = useResource(`/events/${encodeURIComponent(eventId)}/deliveries`, []);
  return html`<${Shown} resource=${resource}>${({ deliveries }) => {
    const found = deliveries.find(({ delivery }) => delivery.endpoint === endpoint);
    return html`<${Attempts} attempts=${found?.attempts ?? []} />`;
  }}<//>`;
}

function Row({ delivery, again }) {
  const [open, setOpen] = useState(false);
  const [problem, setProblem] = useState(null);
  const { event_id: id, endpoint, state } = delivery;
  async function replay() {
    const answer = await post("/deliveries/replay", { event_id: id, endpoint, delivered: state === "delivered" });
    setProblem(answer.ok ? null : answer);
    again();
  }
  const key = `attempts-${delivery.delivery_id}`;
  return html`<tr>
      <td class="cell-since"><${Time} at=${delivery.recorded_at} /></td>
      <td class="cell-type"><a href=${address("events", { id })}>${word("type", shortType(delivery.type))}</a></td>
      <td class="cell-camera"><${CameraLink} code=${delivery.device_code} name=${delivery.device_code} /></td>
      <td class="cell-state"><${DeliveryMark} state=${state} /></td>
      <td class="cell-attempts"><button type="button" class="quiet" aria-expanded=${open ? "true" : "false"} aria-controls=${key}
        onClick=${() => setOpen(!open)}>${t("attempts.count", { count: delivery.attempt_count })}</button></td>
      <td class="cell-answer">${delivery.attempt_count > 0 && html`${answerWords(delivery.last_http_status, delivery.last_error)}${t("separator")}<span class="muted">${latencyWords(delivery.last_latency_ms)}</span>`}
        ${state !== "pending" && may("endpoints:write") && html` <button type="button" onClick=${replay}>${t("endpoint.replay.one")}</button>`}
        ${problem && html`<${Refused} problem=${problem} />`}</td>
    </tr>
    ${open && html`<tr id=${key} class="attempts-row"><td colspan=${COLUMNS.length}><${AttemptsOf} eventId=${id} endpoint=${endpoint} /></td></tr>`}`;
}

export function EndpointDeliveries({ name, query, refreshed, again }) {
  const { state, before } = query;
  const path = withQuery("/deliveries", { endpoint: name, state, before, limit: PAGE_SIZE });
  const resource = useResource(path, ["event"]);
  const refresh = () => {
    resource.again();
    again();
  };
  refreshed.current = resource.again;
  return html`<section class="panel" aria-label=${t("event.deliveries")}>
    <h2>${t("event.deliveries")}</h2>
    <form class="filters" role="search" aria-label=${t("filter.deliveries")} onSubmit=${(submit) => submit.preventDefault()}>
      <${Choice} name="state" value=${state} label=${t("field.state")} options=${STATES.map((one) => [one, t(`delivery.${one}`)])} />
    </form>
    <${Shown} resource=${resource}>${({ deliveries, next }) => html`
      ${deliveries.length === 0
        ? html`<${Empty} icon="events"><strong>${t(next === null ? "deliveries.empty" : "deliveries.further")}</strong><//>`
        : html`<div class="table-frame"><table class="endpoint-deliveries">
            <thead><tr>${COLUMNS.map((column) => html`<th key=${column} scope="col">${t(`field.${column}`)}</th>`)}</tr></thead>
            <tbody>${deliveries.map((delivery) => html`<${Row} key=${delivery.delivery_id} delivery=${delivery} again=${refresh} />`)}</tbody>
          </table></div>`}
      <${Pager} page="endpoints" id=${name} query=${query} name="before" next=${next === null ? null : String(next)} />`}<//>
  </section>`;
}
