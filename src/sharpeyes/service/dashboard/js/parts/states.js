// What a part of the page shows while it has nothing to show.
import { html } from "../html.js";
import { t } from "../words.js";
import { Icon } from "./icons.js";
import { refusalWords } from "./refusal.js";

export const Loading = () =>
  html`<div class="state loading" role="status"><span class="spinner" aria-hidden="true"></span>${t("loading")}</div>`;

export const Empty = ({ icon = "tick", children }) =>
  html`<div class="state empty"><${Icon} name=${icon} />${children}</div>`;

const PROBLEM_ICONS = { forbidden: "lock", missing: "question", network: "unplugged" };

/** Why there is nothing: in our words, with the service's own below, and a way on. */
export function Problem({ problem, again }) {
  const { kind, title, detail } = problem;
  const said = detail ? refusalWords(problem) : title;
  return html`<div class="state problem" role="alert">
    <${Icon} name=${PROBLEM_ICONS[kind] ?? "warning"} />
    <strong>${t(`problem.${kind}`)}</strong>
    <p>${t(`problem.${kind}.help`)}</p>
    ${said && html`<p class="said"><code>${said}</code></p>`}
    ${again && kind !== "forbidden" && kind !== "missing" && html`<button type="button" onClick=${again}>${t("again")}</button>`}
  </div>`;
}

/** A resource as it is: loading, failed, or drawn by the child function. */
export function Shown({ resource, children }) {
  const { data, problem, loading, again } = resource;
  if (loading) return html`<${Loading} />`;
  if (data === null) return html`<${Problem} problem=${problem} again=${again} />`;
  return html`
    ${problem && html`<p class="stale-note" role="status">${t("stale.part")}</p>`}
    ${children(data)}
  `;
}
