// Key places and whether anybody watches them, as a list and on the map.
import { withQuery } from "../api.js";
import { useCodes } from "../codes.js";
import { useDivisions } from "../divisions.js";
import { html } from "../html.js";
import { CameraLink } from "../parts/camera-name.js";
import { CoverageLinks } from "../parts/coverage-links.js";
import { Choice, DivisionFilter } from "../parts/filters.js";
import { CoverageMark } from "../parts/marks.js";
import { Pager } from "../parts/pager.js";
import { PlaceMap } from "../parts/place-map.js";
import { Empty, Shown } from "../parts/states.js";
import { formatDistance } from "../positions.js";
import { useResource } from "../resource.js";
import { address } from "../route.js";
import { useStore } from "../store.js";
import { isDark } from "../theme.js";
import { formatNumber, getLanguage, t, word } from "../words.js";

const PAGE_SIZE = 100;

const nameOfPlace = ({ name_zh: zh, name_en: en }) => (getLanguage() === "zh" ? zh : en || zh);

function Watchers({ code }) {
  const resource = useResource(`/places/${encodeURIComponent(code)}`, ["camera"]);
  return html`<${Shown} resource=${resource}>${({ watchers }) =>
    watchers.length === 0
      ? html`<p class="muted">${t("places.nobody")}</p>`
      : html`<ul class="watchers">${watchers.map(
          (watcher) => html`<li key=${watcher.device_code}><${CameraLink} code=${watcher.device_code} name=${watcher.name} />
            <span class="muted">${word("tier", watcher.tier)}${t("separator")}${formatDistance(watcher.distance_m)}${t("separator")}${word("judged_by", watcher.judged_by)}</span></li>`,
        )}</ul>`}<//>`;
}

function PlaceRow({ row, codes, nameOf, query }) {
  const { place, state, watching, judged_by: judgedBy } = row;
  const open = query.place === place.place_code;
  const toggle = address("coverage", { id: "places", query: { ...query, place: open ? null : place.place_code } });
  return html`<tr class=${open ? "open" : null}>
    <td class="cell-status"><${CoverageMark} state=${state} /></td>
    <td class="cell-name"><a href=${toggle} aria-expanded=${open ? "true" : "false"}>${nameOfPlace(place)}</a> <span class="muted">${place.place_code}</span></td>
    <td>${codes.label("place_kind", place.kind)}</td>
    <td>${nameOf(place.division_code)}</td>
    <td class="number">${t("distance.m", { number: formatNumber(place.radius_m) })}</td>
    <td>${formatNumber(watching)}${judgedBy && html` <span class="muted">${word("judged_by", judgedBy)}</span>`}</td>
  </tr>
  ${open && html`<tr class="detail"><td colspan="6"><${Watchers} code=${place.place_code} /></td></tr>`}`;
}

export function PlacesPage({ query }) {
  const { division, kind, after } = query;
  const places = useResource(withQuery("/places", { division, kind, after, limit: PAGE_SIZE }), ["camera"]);
  const codes = useCodes();
  const { nameOf } = useDivisions();
  const dark = useStore(isDark);
  return html`<h1 class="only-read">${t("coverage.places")}</h1>
    <${CoverageLinks} at="places" query=${query} />
    <form class="filters" onSubmit=${(submit) => submit.preventDefault()}>
      <${DivisionFilter} value=${division} />
      <${Choice} name="kind" value=${kind} label=${t("field.place_kind")} options=${codes.options("place_kind")} />
    </form>
    <${Shown} resource=${places}>${({ places: rows, next }) =>
      rows.length === 0
        ? html`<section class="panel"><${Empty} icon="map"><strong>${t("places.empty")}</strong><p>${t("places.empty.help")}</p><//></section>`
        : html`<div class="places-parts">
            <section class="panel"><div class="table-frame"><table class="places">
              <thead><tr>${["state", "name", "kind", "division", "radius", "watching"].map((name) => html`<th key=${name} scope="col">${t(`places.column.${name}`)}</th>`)}</tr></thead>
              <tbody>${rows.map((row) => html`<${PlaceRow} key=${row.place.place_code} row=${row} codes=${codes} nameOf=${nameOf} query=${query} />`)}</tbody>
            </table></div><${Pager} page="coverage" id="places" query=${query} next=${next} /></section>
            <section class="panel map-panel" aria-label=${t("places.map")}>
              <${PlaceMap} key=${`${dark} ${getLanguage()} ${division} ${kind} ${after}`} rows=${rows} nameOfPlace=${nameOfPlace} chosen=${query.place} query=${query} /></section>
          </div>`}<//>`;
}
