// Where the events of a list happened: one mark a camera, of its gravest event.
import { useEffect, useState } from "../../vendor/preact-hooks.mjs";
import { html } from "../html.js";
import { isPlaced } from "../positions.js";
import { address } from "../route.js";
import { t } from "../words.js";
import { CameraLink } from "./camera-name.js";
import { eventTitle } from "./event-words.js";
import { GroundMap, fit, inElement, viewOf } from "./ground-map.js";
import { NOTHING, addShape, colour, pictures } from "./map-style.js";
import { SEVERITY_COLOURS, SEVERITY_SHAPES, SeverityMark } from "./marks.js";
import { Time } from "../times.js";

const REACH_PX = 8;
const MARGIN_DEGREES = 0.005;
const MOST_LISTED = 12;
const WORST_FIRST = ["alert", "warning", "info"];

/** The events by camera, of those that stand somewhere. */
function spotsOf(events) {
  const spots = new Map();
  for (const event of events.filter(isPlaced)) {
    const spot = spots.get(event.device_code) ?? { ...event, events: [] };
    spot.events.push(event);
    spots.set(event.device_code, spot);
  }
  return [...spots.values()];
}

const worstOf = ({ events }) => WORST_FIRST.find((severity) => events.some((event) => event.severity === severity)) ?? "info";

function around(spots) {
  const edge = (pick, name) => spots.map((spot) => spot[name]).reduce((a, b) => pick(a, b));
  return {
    west: edge(Math.min, "longitude") - MARGIN_DEGREES,
    south: edge(Math.min, "latitude") - MARGIN_DEGREES,
    east: edge(Math.max, "longitude") + MARGIN_DEGREES,
    north: edge(Math.max, "latitude") + MARGIN_DEGREES,
  };
}

const features = (spots) => ({
  type: "FeatureCollection",
  features: spots.map((spot) => {
    const severity = worstOf(spot);
    const properties = { code: spot.device_code, image: `event-${severity}`, order: WORST_FIRST.length - WORST_FIRST.indexOf(severity) };
    return { type: "Feature", properties, geometry: { type: "Point", coordinates: [spot.longitude, spot.latitude] } };
  }),
});

const Here = ({ spot }) => html`<p><${CameraLink} code=${spot.device_code} name=${spot.camera_name} /></p>
  <ul class="map-list">${spot.events.slice(0, MOST_LISTED).map(
    (event) => html`<li key=${event.event_id}><${SeverityMark} severity=${event.severity} label=${false} />
      <a href=${address("events", { id: event.event_id })}>${eventTitle(event)}</a> <${Time} at=${event.occurred_at} /></li>`,
  )}
  ${spot.events.length > MOST_LISTED && html`<li class="muted">${t("events.map.more", { count: spot.events.length - MOST_LISTED })}</li>`}</ul>`;

/** spotsNow(): the marks as they were last drawn. */
function prepare(map, { Popup }, spotsNow) {
  map.addSource("events", { type: "geojson", data: NOTHING });
  for (const [severity, shape] of Object.entries(SEVERITY_SHAPES)) addShape(map, `event-${severity}`, shape, colour(SEVERITY_COLOURS[severity]));
  map.addLayer(pictures("events"));
  const popup = new Popup({ maxWidth: "340px" });
  const tip = new Popup({ closeButton: false, closeOnClick: false, className: "map-tip", offset: 10 });
  const under = ({ x, y }) => {
    const [found] = map.queryRenderedFeatures([[x - REACH_PX, y - REACH_PX], [x + REACH_PX, y + REACH_PX]], { layers: ["events"] });
    return found && spotsNow().find((spot) => spot.device_code === found.properties.code);
  };
  map.on("click", ({ point }) => {
    const spot = under(point);
    if (spot) popup.setLngLat([spot.longitude, spot.latitude]).setDOMContent(inElement(html`<${Here} spot=${spot} />`)).addTo(map);
  });
  map.on("mousemove", ({ point, lngLat }) => {
    const spot = under(point);
    map.getCanvas().style.cursor = spot ? "pointer" : "";
    if (!spot) tip.remove();
    else {
      const words = t("events.map.spot", { camera: spot.camera_name, count: spot.events.length });
      tip.setLngLat(lngLat).setDOMContent(inElement(html`<span>${words}</span>`)).addTo(map);
    }
  });
  map.on("mouseout", () => tip.remove());
}

/** @param {{events: object[], query: object}} props  events: as the list shows them */
export function EventMap({ events, query }) {
  const [map, setMap] = useState(null);
  const spots = spotsOf(events);
  const drawn = JSON.stringify(spots.map((spot) => [spot.device_code, spot.longitude, spot.latitude, spot.events.length, worstOf(spot)]));
  useEffect(() => {
    if (map === null) return;
    map.spots = spots; // for what happens under the mouse
    map.getSource("events").setData(features(spots));
  }, [map, drawn]);
  const left = events.filter((event) => !isPlaced(event)).length;
  if (spots.length === 0) return html`<p class="state empty">${t("events.map.nowhere")}</p>`;
  return html`<${GroundMap} first=${async () => viewOf(query.at) ?? fit(around(spots))}
      prepare=${(made, maplibre) => prepare(made, maplibre, () => made.spots ?? [])} onView=${() => {}} onReady=${setMap} />
    <p class="map-notes" role="status"><span>${t("events.map.shown", { count: events.length - left, cameras: spots.length })}</span>
      ${left > 0 && html`<span>${t("events.map.left", { count: left })}</span>`}</p>`;
}
