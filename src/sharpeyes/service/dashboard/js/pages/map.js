import { useRef, useState } from "../../vendor/preact-hooks.mjs";
import { withQuery } from "../api.js";
import { useDivisions } from "../divisions.js";
import { html } from "../html.js";
import { boxText } from "../map-extent.js";
import { CameraMap } from "../parts/camera-map.js";
import { CameraFilters, cameraFilter } from "../parts/filters.js";
import { STATUSES, StatusMark } from "../parts/marks.js";
import { Problem } from "../parts/states.js";
import { useResource } from "../resource.js";
import { address } from "../route.js";
import { useStore } from "../store.js";
import { isDark } from "../theme.js";
import { formatNumber, getLanguage, t } from "../words.js";

/** How many of each status are in view, whether they stand there as numbers or as points. */
function countsOf({ points, cells }) {
  const counts = {};
  for (const { status } of points) counts[status] = (counts[status] ?? 0) + 1;
  for (const { by_status: byStatus } of cells) {
    for (const [status, count] of Object.entries(byStatus)) counts[status] = (counts[status] ?? 0) + count;
  }
  return counts;
}

function Legend({ seen, query }) {
  const counts = countsOf(seen);
  return html`<ul class="legend" aria-label=${t("map.in_view")}>
    ${STATUSES.map(
      (status) => html`<li key=${status}><a href=${address("cameras", { query: { ...query, status } })}>
        <${StatusMark} status=${status} /><span class="count">${formatNumber(counts[status] ?? 0)}</span></a></li>`,
    )}
  </ul>`;
}

export function MapPage({ query }) {
  const filter = { ...cameraFilter(query), bbox: null };
  const [view, setView] = useState(null);
  const bbox = view && boxText(view);
  const resource = useResource(view && withQuery("/map", { ...filter, bbox, zoom: view.zoom }), ["status", "camera"]);
  const divisions = useDivisions();
  const dark = useStore(isDark);
  // What was last in view stays until the answer for the next view: a map must not blink.
  const last = useRef(null);
  if (resource.data) last.current = resource.data;
  const seen = last.current;
  const middle = view && `${((view.west + view.east) / 2).toFixed(5)},${((view.south + view.north) / 2).toFixed(5)}`;
  return html`<h1 class="only-read">${t("page.map")}</h1>
    <${CameraFilters} query=${query} />
    <section class="panel map-panel" aria-label=${t("page.map")} aria-busy=${view === null || resource.loading ? "true" : "false"}>
      <${CameraMap} key=${`${dark} ${getLanguage()}`} seen=${seen} filter=${filter} divisions=${divisions} query=${query} onView=${setView} />
      <p class="map-notes" role="status">
        ${resource.loading && html`<span class="busy"><span class="spinner" aria-hidden="true"></span>${t("map.loading")}</span>`}
        ${resource.problem && !resource.data && html`<span class="failed">${t("map.not_refreshed")}</span>`}
        ${!resource.loading && resource.data?.cameras === 0 && html`<span>${t("map.empty")}</span>`}
        ${seen && html`<span class="map-count"><a href=${address("cameras", { query: { ...filter, bbox } })}>${t("map.cameras", { count: seen.cameras })}</a>${t("separator")}<a
          href=${address("cameras", { query: { ...filter, near: middle } })}>${t("map.nearest_middle")}</a></span>`}
      </p>
      ${seen && html`<${Legend} seen=${seen} query=${{ ...filter, bbox }} />`}
      ${seen === null && resource.problem && html`<div class="map-problem"><${Problem} problem=${resource.problem} again=${resource.again} /></div>`}
    </section>`;
}
