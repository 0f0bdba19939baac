import { useMemo } from "../../vendor/preact-hooks.mjs";
import { get, withQuery } from "../api.js";
import { useDivisions } from "../divisions.js";
import { html } from "../html.js";
import { CameraMap } from "../parts/camera-map.js";
import { CameraFilters, Search } from "../parts/filters.js";
import { STATUSES, StatusMark } from "../parts/marks.js";
import { Empty, Shown } from "../parts/states.js";
import { useResource } from "../resource.js";
import { address } from "../route.js";
import { useStore } from "../store.js";
import { isDark } from "../theme.js";
import { formatNumber, getLanguage, t } from "../words.js";

const PAGE_SIZE = 1000;
// What one screen can hold as single points.
const MOST_POINTS = 5000;

/** All cameras that a filter names, page after page, up to what a map of points can show. */
async function readCameras(path, signal) {
  const cameras = [];
  const query = new URLSearchParams(path.split("?")[1]);
  query.set("limit", PAGE_SIZE);
  for (;;) {
    const answer = await get(`/cameras?${query}`, signal);
    if (!answer.ok) return answer;
    const { cameras: page, next, total } = answer.data;
    cameras.push(...page);
    if (!next || cameras.length >= MOST_POINTS) return { ok: true, data: { cameras, total } };
    query.set("after", next);
  }
}

const isPlaced = ({ longitude, latitude }) => typeof longitude === "number" && typeof latitude === "number";

function Legend({ cameras, query }) {
  return html`<ul class="legend">
    ${STATUSES.map((status) => {
      const count = cameras.filter((camera) => camera.status === status).length;
      return html`<li key=${status}><a href=${address("cameras", { query: { ...query, status } })}>
        <${StatusMark} status=${status} /><span class="count">${formatNumber(count)}</span></a></li>`;
    })}
  </ul>`;
}

export function MapPage({ query }) {
  const { tier, division, status, q } = query;
  const filter = { tier, division, status, q };
  const resource = useResource(withQuery("/cameras", filter), ["status", "camera"], readCameras);
  const divisions = useDivisions();
  const dark = useStore(isDark);
  // The same list until the next answer: moving the map must not load all its points anew.
  const placed = useMemo(() => (resource.data?.cameras ?? []).filter(isPlaced), [resource.data]);
  return html`<h1 class="only-read">${t("page.map")}</h1>
    <${CameraFilters} query=${query}><${Search} value=${q} /><//>
    <section class="panel map-panel" aria-label=${t("page.map")}>
      <${Shown} resource=${resource}>${({ cameras, total }) => {
        const unplaced = cameras.length - placed.length;
        return html`
          <${CameraMap} key=${`${dark} ${getLanguage()}`} cameras=${placed} divisions=${divisions} query=${query} />
          <${Legend} cameras=${placed} query=${filter} />
          <p class="map-notes">
            ${cameras.length < total && html`<span>${t("map.truncated", { shown: cameras.length, total })}</span>`}
            ${unplaced > 0 && html`<span>${t("map.unplaced", { count: unplaced })}</span>`}
          </p>
          ${placed.length === 0 && html`<div class="map-empty"><${Empty} icon="map">${t("map.empty")}<//></div>`}`;
      }}<//>
    </section>`;
}
