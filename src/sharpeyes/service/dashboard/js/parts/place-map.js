// Key places on the map: covered, not covered, or not to be said.
import { useEffect, useState } from "../../vendor/preact-hooks.mjs";
import { html } from "../html.js";
import { go } from "../route.js";
import { GroundMap, fit, inElement, viewOf } from "./ground-map.js";
import { NOTHING, addShape, colour, pictures } from "./map-style.js";
import { COVERAGE_COLOURS, COVERAGE_SHAPES, CoverageMark } from "./marks.js";

const REACH_PX = 8;
const MARGIN_DEGREES = 0.005;

const cornersOf = ({ polygon, longitude, latitude }) => polygon ?? [[longitude, latitude]];

function middleOf(place) {
  const corners = cornersOf(place);
  return [0, 1].map((axis) => corners.reduce((sum, corner) => sum + corner[axis], 0) / corners.length);
}

function around(rows) {
  const corners = rows.flatMap(({ place }) => cornersOf(place));
  const edge = (pick, axis) => corners.map((corner) => corner[axis]).reduce((a, b) => pick(a, b));
  return {
    west: edge(Math.min, 0) - MARGIN_DEGREES,
    south: edge(Math.min, 1) - MARGIN_DEGREES,
    east: edge(Math.max, 0) + MARGIN_DEGREES,
    north: edge(Math.max, 1) + MARGIN_DEGREES,
  };
}

const features = (rows, chosen, nameOfPlace) => ({
  type: "FeatureCollection",
  features: rows.flatMap(({ place, state }) => {
    const properties = { code: place.place_code, name: nameOfPlace(place), state, image: `place-${state}`, order: 0, chosen: place.place_code === chosen };
    const mark = { type: "Feature", properties, geometry: { type: "Point", coordinates: middleOf(place) } };
    if (!place.polygon) return [mark];
    const ring = [...place.polygon, place.polygon[0]];
    return [mark, { type: "Feature", properties, geometry: { type: "Polygon", coordinates: [ring] } }];
  }),
});

function prepare(map, { Popup }, queryOf) {
  map.addSource("places", { type: "geojson", data: NOTHING });
  for (const [state, shape] of Object.entries(COVERAGE_SHAPES)) addShape(map, `place-${state}`, shape, colour(COVERAGE_COLOURS[state]));
  map.addLayer({
    id: "outlines",
    type: "line",
    source: "places",
    filter: ["==", ["geometry-type"], "Polygon"],
    paint: { "line-color": colour("accent"), "line-width": 1.5 },
  });
  map.addLayer({
    id: "chosen",
    type: "circle",
    source: "places",
    filter: ["all", ["get", "chosen"], ["==", ["geometry-type"], "Point"]],
    paint: { "circle-radius": 15, "circle-color": "transparent", "circle-stroke-color": colour("accent"), "circle-stroke-width": 3 },
  });
  map.addLayer({ ...pictures("places"), filter: ["==", ["geometry-type"], "Point"] });
  const tip = new Popup({ closeButton: false, closeOnClick: false, className: "map-tip", offset: 10 });
  const under = ({ x, y }) =>
    map.queryRenderedFeatures([[x - REACH_PX, y - REACH_PX], [x + REACH_PX, y + REACH_PX]], { layers: ["places"] })[0]?.properties;
  map.on("mousemove", ({ point, lngLat }) => {
    const place = under(point);
    map.getCanvas().style.cursor = place ? "pointer" : "";
    if (!place) tip.remove();
    else tip.setLngLat(lngLat).setDOMContent(inElement(html`<span><${CoverageMark} state=${place.state} /> ${place.name}</span>`)).addTo(map);
  });
  map.on("click", ({ point }) => {
    const place = under(point);
    if (place) go("coverage", { id: "places", query: { ...queryOf(), place: place.code } });
  });
}

/** @param {{rows: object[], chosen: string, query: object}} props  rows: places with their coverage */
export function PlaceMap({ rows, nameOfPlace, chosen, query }) {
  const [map, setMap] = useState(null);
  useEffect(() => {
    map?.getSource("places").setData(features(rows, chosen, nameOfPlace));
  }, [map, rows, chosen]);
  return html`<${GroundMap} first=${async () => viewOf(query.at) ?? fit(around(rows))}
    prepare=${(made, maplibre) => prepare(made, maplibre, () => query)} onView=${() => {}} onReady=${setMap} />`;
}
