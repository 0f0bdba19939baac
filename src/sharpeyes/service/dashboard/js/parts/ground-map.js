// A map without tiles: there are none in a private network.
import { render } from "../../vendor/preact.mjs";
import { useEffect, useRef, useState } from "../../vendor/preact-hooks.mjs";
import { html } from "../html.js";
import { address, refine } from "../route.js";
import { t } from "../words.js";
import { graticule, groundStyle, loadMapLibre } from "./map-style.js";
import { Empty, Loading } from "./states.js";

const EDGE_DEGREES = 85;
const PADDING_PX = 44;
const CLOSEST_FIT = 15;

const CONTROL_WORDS = {
  "NavigationControl.ZoomIn": "map.zoom_in",
  "NavigationControl.ZoomOut": "map.zoom_out",
  "Map.Title": "page.map",
  "Popup.Close": "close",
  "ScaleControl.Meters": "unit.m",
  "ScaleControl.Kilometers": "unit.km",
};

/** "12.50/30.58/114.30" -> what the map takes; null if the address says nothing usable. */
export function viewOf(text) {
  const [zoom, latitude, longitude] = (text ?? "").split("/").map(Number);
  const usable = [zoom, latitude, longitude].every(Number.isFinite) && Math.abs(latitude) <= EDGE_DEGREES;
  return usable ? { zoom, center: [longitude, latitude] } : null;
}

export const fit = ({ west, south, east, north }) => ({
  bounds: [west, south, east, north],
  fitBoundsOptions: { padding: PADDING_PX, maxZoom: CLOSEST_FIT },
});

/** What is in view: degrees, and the zoom of web maps, of which MapLibre's is one less. */
export function inView(map) {
  const bounds = map.getBounds();
  const edge = (degrees, limit) => Math.max(-limit, Math.min(limit, degrees));
  return {
    west: edge(bounds.getWest(), 180),
    south: edge(bounds.getSouth(), EDGE_DEGREES),
    east: edge(bounds.getEast(), 180),
    north: edge(bounds.getNorth(), EDGE_DEGREES),
    zoom: Math.floor(map.getZoom() + 1),
  };
}

/** Markup as an element, for popups. */
export const inElement = (markup) => {
  const element = document.createElement("div");
  render(markup, element);
  return element;
};

function makeMap(maplibre, container, first) {
  const map = new maplibre.Map({
    container,
    style: groundStyle(),
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    renderWorldCopies: false,
    maxZoom: 18,
    locale: Object.fromEntries(Object.entries(CONTROL_WORDS).map(([theirs, ours]) => [theirs, t(ours)])),
    ...first,
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibre.ScaleControl(), "bottom-right");
  return map;
}

/**
 * @param {{first: () => Promise<object>, prepare: (map: object, maplibre: object) => void, onView: (view: object) => void,
 *   onReady: (map: object) => void}} props
 *   first: where the map begins; prepare: adds sources, layers and habits; all are asked once
 */
export function GroundMap({ first, prepare, onView, onReady }) {
  const place = useRef(null);
  const [state, setState] = useState("loading");

  useEffect(() => {
    let map = null;
    let gone = false;
    (async () => {
      const [maplibre, start] = await Promise.all([loadMapLibre(), first()]);
      if (gone) return;
      if (maplibre === null) {
        setState("failed");
        return;
      }
      map = makeMap(maplibre, place.current, start);
      const moved = () => {
        const view = inView(map);
        map.getSource("graticule").setData(graticule(view));
        onView(view);
      };
      map.on("load", () => {
        prepare(map, maplibre);
        moved();
        onReady(map);
        setState("drawn");
      });
      map.on("moveend", () => {
        if (map.isStyleLoaded() || map.getSource("graticule")) moved();
        const { lng, lat } = map.getCenter();
        refine({ at: `${map.getZoom().toFixed(2)}/${lat.toFixed(4)}/${lng.toFixed(4)}` });
      });
    })();
    return () => {
      gone = true;
      map?.remove();
    };
  }, []);

  if (state === "failed") {
    return html`<${Empty} icon="map"><strong>${t("map.failed")}</strong>
      <p><a href=${address("cameras")}>${t("map.failed.table")}</a></p><//>`;
  }
  return html`<div class="map" ref=${place} data-drawn=${state === "drawn"}>${state === "loading" && html`<${Loading} />`}</div>`;
}
