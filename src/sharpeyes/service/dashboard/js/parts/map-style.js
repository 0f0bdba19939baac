// What the map draws: a plain ground, a grid of degrees, and the marks of the cameras.
import { STATUSES, STATUS_SHAPES } from "./marks.js";

const MARK_PX = 18;
const PIXEL_RATIO = 2;
const LABEL_PX = 14;
const GRID_DEGREES = 0.1;
const GRID_MOST_LINES = 60;
// A camera that needs somebody is never hidden below one that does not.
const ORDER = [...STATUSES].reverse();

const NOTHING = { type: "FeatureCollection", features: [] };
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

let loading = null;

function canDraw() {
  return document.createElement("canvas").getContext("webgl2") !== null;
}

/** MapLibre, loaded when a map is first looked at; null where the browser cannot draw one. */
export function loadMapLibre() {
  if (!canDraw()) return Promise.resolve(null);
  loading ??= (async () => {
    const sheet = document.createElement("link");
    sheet.rel = "stylesheet";
    sheet.href = "/static/vendor/maplibre-gl.css";
    document.head.prepend(sheet); // ours come after it and win
    return import("../../vendor/maplibre-gl.mjs");
  })();
  return loading;
}

export function mapStyle() {
  return {
    version: 8,
    sources: {
      graticule: { type: "geojson", data: NOTHING },
      districts: { type: "geojson", data: NOTHING },
      cameras: { type: "geojson", data: NOTHING },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": colour("map-ground") } },
      {
        id: "graticule",
        type: "line",
        source: "graticule",
        paint: { "line-color": colour("map-grid"), "line-width": 1 },
      },
      {
        id: "districts",
        type: "symbol",
        source: "districts",
        // Names that would cover each other wait for a nearer look.
        layout: { "icon-image": ["get", "image"] },
      },
      {
        id: "chosen",
        type: "circle",
        source: "cameras",
        filter: ["get", "chosen"],
        paint: {
          "circle-radius": 16,
          "circle-color": "transparent",
          "circle-stroke-color": colour("accent"),
          "circle-stroke-width": 3,
        },
      },
      {
        id: "cameras",
        type: "symbol",
        source: "cameras",
        layout: {
          "icon-image": ["get", "status"],
          "icon-size": ["interpolate", ["linear"], ["zoom"], 8, 0.55, 11, 0.8, 14, 1.1],
          "icon-allow-overlap": true,
          "icon-ignore-placement": true,
          "symbol-sort-key": ["get", "order"],
        },
      },
    ],
  };
}

function mark(shape, fill) {
  const canvas = document.createElement("canvas");
  canvas.width = MARK_PX * PIXEL_RATIO;
  canvas.height = MARK_PX * PIXEL_RATIO;
  const context = canvas.getContext("2d");
  context.scale(PIXEL_RATIO, PIXEL_RATIO);
  context.translate(1, 1); // the shapes are 16 wide, with room for their edge
  const path = new Path2D(shape);
  context.lineWidth = 2;
  context.lineJoin = "round";
  context.strokeStyle = colour("map-ground");
  context.stroke(path);
  context.fillStyle = fill;
  context.fill(path, "evenodd");
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** The same marks as in tables, in the colours of the theme. */
export function addMarks(map) {
  for (const [status, shape] of Object.entries(STATUS_SHAPES)) {
    map.addImage(status, mark(shape, colour(`status-${status}`)), { pixelRatio: PIXEL_RATIO });
  }
}

/** A label as a picture: MapLibre's own text needs font files, the browser's fonts are already here. */
function label(name, share) {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  const { fontFamily } = getComputedStyle(document.body);
  const lines = [
    [name, `650 ${LABEL_PX}px ${fontFamily}`, colour("text"), LABEL_PX],
    [share, `400 ${LABEL_PX - 2}px ${fontFamily}`, colour("muted"), LABEL_PX * 2 + 1],
  ];
  const widths = lines.map(([text, font]) => {
    context.font = font;
    return context.measureText(text).width;
  });
  canvas.width = (Math.max(...widths) + 4) * PIXEL_RATIO;
  canvas.height = (LABEL_PX * 2 + 6) * PIXEL_RATIO; // resets the context
  context.scale(PIXEL_RATIO, PIXEL_RATIO);
  context.textAlign = "center";
  for (const [text, font, fill, y] of lines) {
    context.font = font;
    context.fillStyle = fill;
    context.fillText(text, canvas.width / PIXEL_RATIO / 2, y);
  }
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** Names of districts, below the cameras' marks. labels: { name, share, at: [longitude, latitude] } */
export function showDistricts(map, labels) {
  const features = labels.map(({ name, share, at }) => {
    const image = `${name} ${share}`;
    if (!map.hasImage(image)) map.addImage(image, label(name, share), { pixelRatio: PIXEL_RATIO });
    return { type: "Feature", geometry: { type: "Point", coordinates: at }, properties: { image } };
  });
  map.getSource("districts").setData({ type: "FeatureCollection", features });
}

export function pointsOf(cameras, chosenCode) {
  return {
    type: "FeatureCollection",
    features: cameras.map((camera) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: [camera.longitude, camera.latitude] },
      properties: {
        code: camera.device_code,
        name: camera.name,
        status: camera.status,
        order: ORDER.indexOf(camera.status),
        chosen: camera.device_code === chosenCode,
      },
    })),
  };
}

/** Lines at each tenth of a degree around the cameras: a sense of place and size without tiles. */
export function graticule(cameras) {
  if (cameras.length === 0) return NOTHING;
  const span = (values) => {
    const lowest = values.reduce((a, b) => Math.min(a, b));
    const highest = values.reduce((a, b) => Math.max(a, b));
    return [Math.floor((lowest - 1) / GRID_DEGREES), Math.ceil((highest + 1) / GRID_DEGREES)];
  };
  const [west, east] = span(cameras.map(({ longitude }) => longitude));
  const [south, north] = span(cameras.map(({ latitude }) => latitude));
  if (east - west > GRID_MOST_LINES || north - south > GRID_MOST_LINES) return NOTHING;
  const at = (x, y) => [x * GRID_DEGREES, y * GRID_DEGREES];
  const lines = [];
  for (let x = west; x <= east; x += 1) lines.push([at(x, south), at(x, north)]);
  for (let y = south; y <= north; y += 1) lines.push([at(west, y), at(east, y)]);
  return { type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates: lines } };
}
