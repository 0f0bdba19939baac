// Who changed what about a camera: newest first, each field before and after.
import { withQuery } from "../api.js";
import { html } from "../html.js";
import { useResource } from "../resource.js";
import { address } from "../route.js";
import { may } from "../session.js";
import { Time } from "../times.js";
import { t, word } from "../words.js";
import { FieldLabel, useFieldText } from "./field-value.js";
import { Pager } from "./pager.js";
import { Empty, Shown } from "./states.js";

const PAGE_SIZE = 10;

const namesOf = ({ before, after }) => [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];

function Zone({ before, after }) {
  const zone = after ?? before;
  return html`<span>${t("file.zone")} <strong>${zone.name}</strong>${t("separator")}
    ${t(before === undefined ? "changes.zone_added" : after === undefined ? "changes.zone_removed" : "changes.zone_changed")}</span>`;
}

function Change({ change }) {
  const text = useFieldText();
  const { before, after, action, actor, at, import_id: run } = change;
  const side = (values, name) => html`<span class="value">${text(name, values?.[name]) || t("none")}</span>`;
  return html`<li>
    <p class="change-head"><strong>${word("action", action)}</strong> <span>${actor}</span> <${Time} at=${at} />
      ${run !== null && html`${" "}${may("cameras:write") ? html`<a href=${address("imports", { id: String(run) })}>${t("changes.import", { number: run })}</a>` : t("changes.import", { number: run })}`}</p>
    ${namesOf(change).map((name) =>
      name === "zone"
        ? html`<${Zone} key=${name} before=${before?.zone} after=${after?.zone} />`
        : html`<p key=${name} class="change-field"><span class="muted"><${FieldLabel} name=${name} /></span>
            <span>${side(before, name)} <span aria-label=${t("changes.becomes")}>${"→"}</span> ${side(after, name)}</span></p>`,
    )}
  </li>`;
}

/** @param {{code: string, query: object}} props  the place in the list is the address's `before` */
export function Changes({ code, query }) {
  const path = withQuery(`/cameras/${encodeURIComponent(code)}/changes`, { before: query.before, limit: PAGE_SIZE });
  const resource = useResource(path, ["camera"]);
  return html`<section class="panel changes-panel" aria-label=${t("camera.changes")}>
    <h2>${t("camera.changes")}</h2>
    <${Shown} resource=${resource}>${({ changes, next }) =>
      changes.length === 0
        ? html`<${Empty} icon="question">${t("changes.empty")}<//>`
        : html`<ol class="changes">${changes.map((change) => html`<${Change} key=${change.change_id} change=${change} />`)}</ol>
            <${Pager} page="cameras" id=${code} query=${query} next=${next} name="before" />`}<//>
  </section>`;
}
