// How far the case of an event is, who said what of it, and what may be said next.
import { html } from "../html.js";
import { may } from "../session.js";
import { t, word } from "../words.js";
import { Deed, Words } from "./deed.js";
import { Due } from "./incident-words.js";
import { LightMark } from "./marks.js";
import { Empty, Shown } from "./states.js";

const NEXT = { dispatched: "acknowledge", acknowledged: "handle", handled: "close" };
const TYPES = new Set(["org.sharpeyes.abandoned-vehicle.v1", "org.sharpeyes.motion.v1", "org.sharpeyes.outside-report.v1"]);

/** What says that something is over has no case; nor has what is wrong with a camera. */
export const mayHaveCase = ({ type, data }) => TYPES.has(type) && data.phase !== "end";

const isOver = ({ state }) => state === "closed" || state === "rejected";

const NumberField = ({ value }) => html`<label class="field wide"><span>${t("field.case_number")}</span>
  <input name="case_number" defaultValue=${value} maxlength="100" autocomplete="off" /></label>`;

const bodies = {
  acknowledge: ({ case_number: number }) => ({ case_number: number.value }),
  handle: ({ words }) => ({ words: words.value }),
  close: ({ feedback }) => ({ feedback: feedback.value }),
  reject: ({ reason }) => ({ reason: reason.value }),
};

function Say({ path, found, again }) {
  if (!may("cases:write")) return html`<${Empty} icon="lock">${t("case.forbidden")}<//>`;
  if (isOver(found)) return null;
  const next = NEXT[found.state];
  const deed = (verb, children, primary) => html`<${Deed} key=${verb} path="${path}/${verb}" revision=${found.revision} what="case"
    label=${t(`case.${verb}`)} body=${bodies[verb]} again=${again} primary=${primary}>${children}<//>`;
  const fields = {
    acknowledge: html`<${NumberField} value=${found.case_number} />`,
    handle: html`<${Words} name="words" label=${t("case.handle.label")} />`,
    close: html`<${Words} name="feedback" label=${t("case.close.label")} />`,
  };
  return html`<div class="work">${deed(next, fields[next], true)}
    ${deed("reject", html`<${Words} name="reason" label=${t("case.reject.label")} hint=${t("case.reject.hint")} />`, false)}</div>`;
}

export const casePath = ({ event_id: id }) => `/events/${encodeURIComponent(id)}/case`;

/** resource: of the event's case. Who said what of it stands in the event's timeline. */
export function CasePanel({ event, resource }) {
  return html`<section class="panel case-panel" aria-label=${t("case.title")}>
    <h2>${t("case.title")}</h2>
    <${Shown} resource=${resource}>${(found) => html`
      <p class="head-status"><strong>${word("case_state", found.state)}</strong>
        ${found.case_number && html`<span>${t("field.case_number")}${t("colon")}${found.case_number}</span>`}
        ${!isOver(found) && found.deadline_at && html`<span class="deadline"><${LightMark} light=${found.light} /><${Due} at=${found.deadline_at} /></span>`}</p>
      <${Say} path=${casePath(event)} found=${found} again=${() => resource.again()} />`}<//>
  </section>`;
}
