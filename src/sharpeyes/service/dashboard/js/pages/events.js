import { useRef } from "../../vendor/preact-hooks.mjs";
import { withQuery } from "../api.js";
import { html } from "../html.js";
import { CameraLink } from "../parts/camera-name.js";
import { EventMap } from "../parts/event-map.js";
import { CASE_CHANGED, DeliveryStates, EVENT_TYPES, eventSummary, eventTitle, shortType } from "../parts/event-words.js";
import { Choice, Chosen, DivisionFilter } from "../parts/filters.js";
import { Icon } from "../parts/icons.js";
import { LightMark, SeverityMark, TIERS } from "../parts/marks.js";
import { Pager } from "../parts/pager.js";
import { Picture } from "../parts/picture.js";
import { Empty, Shown } from "../parts/states.js";
import { useResource } from "../resource.js";
import { address, refine } from "../route.js";
import { useStore } from "../store.js";
import { isDark } from "../theme.js";
import { Time } from "../times.js";
import { getLanguage, t, word } from "../words.js";

const PAGE_SIZE = 50;
const STATES = ["unclosed", "dispatched", "acknowledged", "handled", "closed", "rejected"];
const SEVERITIES = ["alert", "warning", "info"];
const OVER = ["closed", "rejected"];

/** Events newest first; those that come while the list is shown are marked for a moment. */
export function EventList({ events }) {
  const seen = useRef(null);
  const first = seen.current === null;
  seen.current ??= new Set();
  const fresh = new Set(first ? [] : events.map((event) => event.event_id).filter((id) => !seen.current.has(id)));
  for (const { event_id: id } of events) seen.current.add(id);
  return html`<ul class="events">
    ${events.map((event) => {
      const page = address("events", { id: event.event_id });
      return html`<li key=${event.event_id} class=${fresh.has(event.event_id) ? "fresh" : null}>
        <a class="event-picture" href=${page} tabindex="-1" aria-hidden="true"><${Picture} event=${event} small /></a>
        <span class="event-what">
          <span><${SeverityMark} severity=${event.severity} label=${false} />${" "}<a href=${page}><strong>${eventTitle(event)}</strong></a></span>
          <span class="muted">${eventSummary(event)}</span>
          ${event.case && html`<span>${word("case_state", event.case.state)} ${event.case.light && !OVER.includes(event.case.state) && html`<${LightMark} light=${event.case.light} />`}</span>`}
        </span>
        <${CameraLink} code=${event.device_code} name=${event.camera_name} />
        <${Time} at=${event.occurred_at} />
        <span class="event-deliveries"><${DeliveryStates} deliveries=${event.deliveries} /></span>
      </li>`;
    })}
  </ul>`;
}

export function EventsPage({ query }) {
  const { type, camera, after, severity, state, tier, division, changes, map } = query;
  const asked = { type, camera, after, severity, state, tier, division, without: type || changes ? null : CASE_CHANGED };
  const resource = useResource(withQuery("/events", { ...asked, limit: PAGE_SIZE }), ["event"]);
  const dark = useStore(isDark);
  const name = resource.data?.events[0]?.camera_name;
  return html`<h1 class="only-read">${t("page.events")}</h1>
    <form class="filters" role="search" aria-label=${t("filter.events")} onSubmit=${(submit) => submit.preventDefault()}>
      <${Choice} name="type" value=${type} label=${t("field.type")}
        options=${EVENT_TYPES.map((full) => [full, t(`type.${shortType(full)}`)])} />
      <${Choice} name="state" value=${state} label=${t("case.title")} options=${STATES.map((name) => [name, t(`case_state.${name}`)])} />
      <${Choice} name="severity" value=${severity} label=${t("field.severity")} options=${SEVERITIES.map((name) => [name, t(`severity.${name}`)])} />
      <${Choice} name="tier" value=${tier} label=${t("field.tier")} options=${TIERS.map((name) => [name, t(`tier.${name}`)])} />
      <${DivisionFilter} value=${division} />
      ${!type && html`<label class="tick"><input type="checkbox" checked=${Boolean(changes)}
        onChange=${(change) => refine({ changes: change.currentTarget.checked ? "1" : null, after: null })} />${t("events.changes")}</label>`}
      <button type="button" aria-pressed=${map ? "true" : "false"} onClick=${() => refine({ map: map ? null : "1", at: null })}><${Icon} name="map" />${t("events.map")}</button>
      ${camera &&
      html`<${Chosen} label=${t("field.camera")} onDrop=${() => refine({ camera: null, after: null })}>${name ?? camera}<//>`}
    </form>
    <div class=${map ? "events-and-map" : null}>
      ${map &&
      html`<section class="panel map-panel" aria-label=${t("events.map")}>
        ${resource.data && html`<${EventMap} key=${`${dark} ${getLanguage()} ${JSON.stringify(asked)}`} events=${resource.data.events} query=${query} />`}
      </section>`}
      <section class="panel">
        <${Shown} resource=${resource}>${({ events, next }) =>
          events.length === 0
            ? html`<${Empty} icon="events"><strong>${t("events.empty")}</strong><p>${t("events.empty.help")}</p><//>`
            : html`<${EventList} key=${JSON.stringify(asked)} events=${events} /><${Pager} page="events" query=${query} next=${next} />`}<//>
      </section>
    </div>`;
}
