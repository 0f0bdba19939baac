import { render } from "../../vendor/preact.mjs";
import { useEffect, useRef, useState } from "../../vendor/preact-hooks.mjs";
import { html } from "../html.js";
import { address, go, refine } from "../route.js";
import { formatNumber, t } from "../words.js";
import { CameraLink } from "./camera-name.js";
import { addMarks, graticule, loadMapLibre, mapStyle, pointsOf, showDistricts } from "./map-style.js";
import { StatusMark } from "./marks.js";
import { online } from "./share.js";
import { Empty, Loading } from "./states.js";

// A finger's width and a little: what lies under one touch.
const REACH_PX = 6;
const CLOSE_ZOOM = 14;
const MOST_LISTED = 12;

const CONTROL_WORDS = {
  "NavigationControl.ZoomIn": "map.zoom_in",
  "NavigationControl.ZoomOut": "map.zoom_out",
  "Map.Title": "page.map",
  "Popup.Close": "close",
  "ScaleControl.Meters": "unit.m",
  "ScaleControl.Kilometers": "unit.km",
};

/** "12.50/30.58/114.30" -> what the map takes; null if the address says nothing usable. */
function viewOf(text) {
  const [zoom, latitude, longitude] = (text ?? "").split("/").map(Number);
  const usable = [zoom, latitude, longitude].every(Number.isFinite) && Math.abs(latitude) <= 85;
  return usable ? { zoom, center: [longitude, latitude] } : null;
}

/** Where the map begins: the address's view, else the chosen camera, else everything. */
function firstView({ LngLatBounds }, cameras, query) {
  const kept = viewOf(query.at);
  if (kept) return kept;
  const chosen = cameras.find((camera) => camera.device_code === query.camera);
  if (chosen) return { center: [chosen.longitude, chosen.latitude], zoom: CLOSE_ZOOM };
  if (cameras.length === 0) return { center: [114.3, 30.6], zoom: 9 };
  const bounds = new LngLatBounds();
  for (const { longitude, latitude } of cameras) bounds.extend([longitude, latitude]);
  return { bounds, fitBoundsOptions: { padding: 44, maxZoom: CLOSE_ZOOM } };
}

/** A district's name where its cameras are, with its share online. */
function districtLabels(cameras, { nameOf, districtOf }) {
  const groups = new Map();
  for (const camera of cameras) {
    const code = districtOf(camera.division_code);
    const group = groups.get(code) ?? { count: 0, longitude: 0, latitude: 0, ok: 0, degraded: 0, measured: 0, unknown: 0 };
    group.count += 1;
    group.longitude += camera.longitude;
    group.latitude += camera.latitude;
    if (camera.status in group) group[camera.status] += 1;
    if (camera.status !== "not_measured") group.measured += 1;
    groups.set(code, group);
  }
  return [...groups].map(([code, group]) => {
    const { online: part, base } = online(group);
    return {
      name: nameOf(code),
      share: base > 0 ? t("map.share", { online: part, base }) : formatNumber(group.count),
      at: [group.longitude / group.count, group.latitude / group.count],
    };
  });
}

const Under = ({ cameras }) => html`<ul class="map-list">
  ${cameras.slice(0, MOST_LISTED).map(
    (camera) => html`<li key=${camera.code}><${StatusMark} status=${camera.status} label=${false} />
      <${CameraLink} code=${camera.code} name=${camera.name} /></li>`,
  )}
  ${cameras.length > MOST_LISTED && html`<li class="muted">${t("map.more_here", { count: cameras.length - MOST_LISTED })}</li>`}
</ul>`;

const inElement = (markup) => {
  const element = document.createElement("div");
  render(markup, element);
  return element;
};

/** Make the map and its habits; cameras come later through its "cameras" source. */
function makeMap(maplibre, container, cameras, query) {
  const map = new maplibre.Map({
    container,
    style: mapStyle(),
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxZoom: 18,
    locale: Object.fromEntries(Object.entries(CONTROL_WORDS).map(([theirs, ours]) => [theirs, t(ours)])),
    ...firstView(maplibre, cameras, query),
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibre.ScaleControl(), "bottom-right");
  addMarks(map);

  const popup = new maplibre.Popup({ maxWidth: "320px" });
  const tip = new maplibre.Popup({ closeButton: false, closeOnClick: false, className: "map-tip", offset: 10 });
  const under = ({ x, y }) =>
    map
      .queryRenderedFeatures([[x - REACH_PX, y - REACH_PX], [x + REACH_PX, y + REACH_PX]], { layers: ["cameras"] })
      .map((feature) => feature.properties);

  map.on("click", (click) => {
    const found = under(click.point);
    if (found.length === 1) go("cameras", { id: found[0].code });
    else if (found.length > 1) popup.setLngLat(click.lngLat).setDOMContent(inElement(html`<${Under} cameras=${found} />`)).addTo(map);
  });
  map.on("mousemove", (move) => {
    const [first] = under(move.point);
    map.getCanvas().style.cursor = first ? "pointer" : "";
    if (!first) tip.remove();
    else tip.setLngLat(move.lngLat).setDOMContent(inElement(html`<${StatusMark} status=${first.status} /> <span>${first.name}</span>`)).addTo(map);
  });
  map.on("mouseout", () => tip.remove());
  map.on("moveend", () => {
    const { lng, lat } = map.getCenter();
    refine({ at: `${map.getZoom().toFixed(2)}/${lat.toFixed(4)}/${lng.toFixed(4)}` });
  });
  return map;
}

/** Cameras as points on a background of our own: there are no tiles in a private network. */
export function CameraMap({ cameras, divisions, query }) {
  const place = useRef(null);
  const [drawn, setDrawn] = useState(null); // the map, once loaded
  const [failed, setFailed] = useState(false);

  useEffect(() => {
    let map = null;
    let gone = false;
    loadMapLibre().then((maplibre) => {
      if (gone) return;
      if (maplibre === null) {
        setFailed(true);
        return;
      }
      map = makeMap(maplibre, place.current, cameras, query);
      map.on("load", () => setDrawn(map));
    });
    return () => {
      gone = true;
      map?.remove();
    };
  }, []);

  useEffect(() => {
    if (drawn === null) return;
    drawn.getSource("cameras").setData(pointsOf(cameras, query.camera));
    drawn.getSource("graticule").setData(graticule(cameras));
    showDistricts(drawn, districtLabels(cameras, divisions));
  }, [drawn, cameras, divisions.all, query.camera]);

  if (failed) {
    return html`<${Empty} icon="map"><strong>${t("map.failed")}</strong>
      <p><a href=${address("cameras")}>${t("map.failed.table")}</a></p><//>`;
  }
  return html`<div class="map" ref=${place} data-drawn=${drawn !== null}>${drawn === null && html`<${Loading} />`}</div>`;
}
