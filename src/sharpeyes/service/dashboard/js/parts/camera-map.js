// Cameras on a map, as the service counts them: numbers from afar, points when near.
import { useEffect, useMemo, useRef, useState } from "../../vendor/preact-hooks.mjs";
import { get } from "../api.js";
import { html } from "../html.js";
import { extentOf, middleOf } from "../map-extent.js";
import { isPlaced } from "../positions.js";
import { address, go } from "../route.js";
import { t } from "../words.js";
import { CameraLink, Copyable } from "./camera-name.js";
import { GroundMap, fit, inElement, viewOf } from "./ground-map.js";
import { cellFeatures, cellWords } from "./map-cells.js";
import { NOTHING, addLabel, addShape, colour, pictures } from "./map-style.js";
import { STATUSES, STATUS_SHAPES, StatusMark } from "./marks.js";

// A finger's width and a little: what lies under one touch.
const REACH_PX = 6;
const CLOSE_ZOOM = 14;
const CELL_STEPS = 2;
const MOST_LISTED = 12;
// A camera that needs somebody is never hidden below one that does not.
const ORDER = [...STATUSES].reverse();

/** Where the map begins: the address's view, else the chosen camera, else everything. */
async function firstView(query, filter) {
  const kept = viewOf(query.at);
  if (kept) return kept;
  if (query.camera) {
    const { data: camera } = await get(`/cameras/${encodeURIComponent(query.camera)}`);
    if (camera && isPlaced(camera)) return { center: [camera.longitude, camera.latitude], zoom: CLOSE_ZOOM };
  }
  return fit(await extentOf(filter));
}

const point = (coordinates, properties) => ({ type: "Feature", geometry: { type: "Point", coordinates }, properties });
const collection = (features) => ({ type: "FeatureCollection", features });

const pointFeatures = (points, chosen) =>
  collection(
    points.map(({ device_code: code, name, status, longitude, latitude }) =>
      point([longitude, latitude], { code, name, status, image: status, order: ORDER.indexOf(status), chosen: code === chosen }),
    ),
  );

/** Names between the rows of marks: above the cell that each would lie on. */
function labelFeatures(map, labels, cells) {
  if (cells.length === 0) return NOTHING;
  const { west, south, east, north } = cells[0];
  const [width, height] = [east - west, north - south];
  return collection(
    labels.map(({ name, at: [longitude, latitude] }) => {
      addLabel(map, name);
      const x = west + (Math.floor((longitude - west) / width) + 0.5) * width;
      const y = south + (Math.floor((latitude - south) / height) + 1) * height;
      return point([x, y], { image: name });
    }),
  );
}

const Under = ({ cameras }) => html`<ul class="map-list">
  ${cameras.slice(0, MOST_LISTED).map(
    (camera) => html`<li key=${camera.code}><${StatusMark} status=${camera.status} label=${false} />
      <${CameraLink} code=${camera.code} name=${camera.name} /></li>`,
  )}
  ${cameras.length > MOST_LISTED && html`<li class="muted">${t("map.more_here", { count: cameras.length - MOST_LISTED })}</li>`}
</ul>`;

const Here = ({ lng, lat }) => {
  const near = `${lng.toFixed(5)},${lat.toFixed(5)}`;
  return html`<p><${Copyable}>${near}<//></p><a href=${address("cameras", { query: { near } })}>${t("map.nearest")}</a>`;
};

function addLayers(map) {
  for (const source of ["points", "cells", "names"]) map.addSource(source, { type: "geojson", data: NOTHING });
  for (const [status, shape] of Object.entries(STATUS_SHAPES)) addShape(map, status, shape, colour(`status-${status}`));
  map.addLayer({
    id: "chosen",
    type: "circle",
    source: "points",
    filter: ["get", "chosen"],
    paint: { "circle-radius": 16, "circle-color": "transparent", "circle-stroke-color": colour("accent"), "circle-stroke-width": 3 },
  });
  map.addLayer(pictures("points", ["interpolate", ["linear"], ["zoom"], 11, 0.8, 14, 1.1]));
  map.addLayer(pictures("cells"));
  // Names that would cover each other wait for a nearer look.
  map.addLayer({ id: "names", type: "symbol", source: "names", layout: { "icon-image": ["get", "image"] } });
}

/** What happens under the mouse and the finger. cellsOf(): the cells as they were last drawn. */
function addHabits(map, { Popup }, cellsOf) {
  const popup = new Popup({ maxWidth: "320px" });
  const tip = new Popup({ closeButton: false, closeOnClick: false, className: "map-tip", offset: 10 });
  const under = ({ x, y }, layer) =>
    map
      .queryRenderedFeatures([[x - REACH_PX, y - REACH_PX], [x + REACH_PX, y + REACH_PX]], { layers: [layer] })
      .map((feature) => feature.properties);
  const say = (at, markup) => popup.setLngLat(at).setDOMContent(inElement(markup)).addTo(map);

  map.on("click", ({ point: spot, lngLat }) => {
    const cameras = under(spot, "points");
    const [cell] = under(spot, "cells").map(({ index }) => cellsOf()[index]);
    if (cameras.length === 1) go("cameras", { id: cameras[0].code });
    else if (cameras.length > 1) say(lngLat, html`<${Under} cameras=${cameras} />`);
    else if (cell) map.easeTo({ center: [(cell.west + cell.east) / 2, (cell.south + cell.north) / 2], zoom: map.getZoom() + CELL_STEPS });
    else say(lngLat, html`<${Here} ...${lngLat} />`);
  });
  map.on("mousemove", ({ point: spot, lngLat }) => {
    const [camera] = under(spot, "points");
    const [cell] = under(spot, "cells").map(({ index }) => cellsOf()[index]);
    map.getCanvas().style.cursor = camera || cell ? "pointer" : "";
    if (!camera && !cell) tip.remove();
    else {
      const words = camera ? html`<${StatusMark} status=${camera.status} /> <span>${camera.name}</span>` : cellWords(cell);
      tip.setLngLat(lngLat).setDOMContent(inElement(html`<span>${words}</span>`)).addTo(map);
    }
  });
  map.on("mouseout", () => tip.remove());
}

/** The divisions to name: those right below the chosen one, one after another. */
function useLabels(divisions, chosen) {
  const [labels, setLabels] = useState([]);
  const parent = chosen ?? divisions.top?.division_code;
  useEffect(() => {
    let gone = false;
    setLabels([]);
    (async () => {
      for (const { division_code: code } of divisions.childrenOf(parent)) {
        const at = await middleOf(code);
        if (gone) return;
        if (at) setLabels((last) => [...last, { name: divisions.nameOf(code), at }]);
      }
    })();
    return () => {
      gone = true;
    };
  }, [divisions, parent]);
  return labels;
}

/** @param {{seen: object | null, filter: object, divisions: object, query: object, onView: (view: object) => void}} props
 *   seen: what the service last said of the view; stays until it says something else */
export function CameraMap({ seen, filter, divisions, query, onView }) {
  const [map, setMap] = useState(null); // once it is loaded
  const cells = useRef([]);
  const drawn = useRef(new Set());
  const labels = useLabels(divisions, filter.division);
  const prepare = useMemo(
    () => (made, maplibre) => {
      addLayers(made);
      addHabits(made, maplibre, () => cells.current);
    },
    [],
  );

  useEffect(() => {
    if (map === null || seen === null) return;
    cells.current = seen.cells;
    map.getSource("points").setData(pointFeatures(seen.points, query.camera));
    const made = cellFeatures(map, seen.cells, drawn.current);
    drawn.current = made.drawn;
    map.getSource("cells").setData(made.data);
  }, [map, seen, query.camera]);
  useEffect(() => {
    if (map !== null && seen !== null) map.getSource("names").setData(labelFeatures(map, labels, seen.cells));
  }, [map, seen, labels]);

  return html`<${GroundMap} first=${() => firstView(query, filter)} prepare=${prepare} onView=${onView} onReady=${setMap} />`;
}
