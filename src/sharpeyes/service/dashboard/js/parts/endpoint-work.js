// What is done with an endpoint: hold it back, try it out, give it a new secret, send again.
import { useState } from "../../vendor/preact-hooks.mjs";
import { post } from "../api.js";
import { zoned } from "../camera-fields.js";
import { html } from "../html.js";
import { t } from "../words.js";
import { Copyable } from "./camera-name.js";
import { Confirm, Refused } from "./confirm.js";
import { answerWords, latencyWords } from "./endpoint-words.js";

const KEPT_HOURS = 24;

/** What the receiver said to the test event. */
const Tested = ({ tested }) => html`<p class="answer" role="status">
  <strong class=${tested.delivered ? "good" : "bad"}>${t(tested.delivered ? "endpoint.tested" : "endpoint.tested.not")}</strong>
  ${" "}${answerWords(tested.http_status, tested.error)}${t("separator")}${latencyWords(tested.latency_ms)}
  ${tested.answer_head && html`<code class="answer-head">${tested.answer_head}</code>`}
</p>`;

function Secret({ secret, onClose }) {
  return html`<div class="secret" role="status"><strong>${t("endpoint.secret")}</strong>
    <p><${Copyable}>${secret}<//></p><p class="muted">${t("endpoint.secret.once", { hours: KEPT_HOURS })}</p>
    <p class="buttons"><button type="button" onClick=${onClose}>${t("endpoint.secret.seen")}</button></p></div>`;
}

function Replay({ name, again }) {
  const [problem, setProblem] = useState(null);
  const [count, setCount] = useState(null);
  async function onSubmit(submit) {
    submit.preventDefault();
    const { since, until, delivered } = submit.currentTarget.elements;
    const body = { endpoint: name, since: zoned(since.value), until: zoned(until.value), delivered: delivered.checked };
    const answer = await post("/deliveries/replay", body);
    setProblem(answer.ok ? null : answer);
    setCount(answer.ok ? answer.data.replayed : null);
    again();
  }
  return html`<form class="fields replay" onSubmit=${onSubmit} onInput=${() => setCount(null)} aria-label=${t("endpoint.replay")}>
    <h3 class="field wide">${t("endpoint.replay")}</h3>
    <div class="field"><label for="replay-since">${t("endpoint.replay.since")}</label><input id="replay-since" name="since" type="datetime-local" required /></div>
    <div class="field"><label for="replay-until">${t("endpoint.replay.until")}</label><input id="replay-until" name="until" type="datetime-local" /></div>
    <label class="tick"><input type="checkbox" name="delivered" />${t("endpoint.replay.delivered")}</label>
    <p class="buttons field wide"><button type="submit">${t("endpoint.replay.do")}</button>
      <span class="deed-done" role="status">${count !== null && t("endpoint.replayed", { count })}</span></p>
    ${problem && html`<div class="field wide"><${Refused} problem=${problem} /></div>`}
  </form>`;
}

export function EndpointWork({ endpoint, again }) {
  const [asking, setAsking] = useState(null);
  const [problem, setProblem] = useState(null);
  const [tested, setTested] = useState(null);
  const [secret, setSecret] = useState(null);
  const [busy, setBusy] = useState(false);
  const path = `/endpoints/${encodeURIComponent(endpoint.name)}`;
  const close = () => setAsking(null);
  const act = (deed, take) => async () => {
    setBusy(true);
    setTested(null);
    const answer = await post(`${path}/${deed}`, {});
    setBusy(false);
    setProblem(answer.ok ? null : answer);
    if (answer.ok) take(answer.data);
    again();
  };
  return html`<section class="panel" aria-label=${t("endpoint.work")}>
    <h2>${t("endpoint.work")}</h2>
    <p class="buttons">
      ${endpoint.state === "active"
        ? html`<button type="button" disabled=${busy} onClick=${() => setAsking("pause")}>${t("endpoint.pause")}</button>`
        : html`<button type="button" class="primary" disabled=${busy} onClick=${act("resume", () => {})}>${t("endpoint.resume")}</button>`}
      ${endpoint.state === "active" && endpoint.deferred_until !== null &&
      html`<button type="button" disabled=${busy} onClick=${act("resume", () => {})}>${t("endpoint.resume.now")}</button>`}
      <button type="button" disabled=${busy} onClick=${act("test", setTested)}>${t("endpoint.test")}</button>
      <button type="button" disabled=${busy} onClick=${() => setAsking("rotate")}>${t("endpoint.rotate")}</button>
    </p>
    ${problem && html`<${Refused} problem=${problem} />`}
    ${tested && html`<${Tested} tested=${tested} />`}
    ${secret && html`<${Secret} secret=${secret} onClose=${() => setSecret(null)} />`}
    <${Replay} name=${endpoint.name} again=${again} />
    ${asking === "pause" &&
    html`<${Confirm} title=${t("endpoint.pause.title", { name: endpoint.name })} doing=${t("endpoint.pause")} onClose=${close}
      act=${() => post(`${path}/pause`, {})} onDone=${again}><p>${t("endpoint.pause.help")}</p><//>`}
    ${asking === "rotate" &&
    html`<${Confirm} title=${t("endpoint.rotate.title", { name: endpoint.name })} doing=${t("endpoint.rotate")} onClose=${close}
      act=${() => post(`${path}/rotate`, { keep_hours: KEPT_HOURS })} onDone=${(data) => setSecret(data.secret)}>
      <p>${t("endpoint.rotate.help", { hours: KEPT_HOURS })}</p><//>`}
  </section>`;
}
