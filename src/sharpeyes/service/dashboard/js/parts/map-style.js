// What every map draws: a plain ground, a grid of degrees, and marks as pictures.
// MapLibre's own text needs font files; the browser's fonts are already here.
const MARK_PX = 18;
export const PIXEL_RATIO = 2;
const LABEL_PX = 12;
const GRID_DEGREES = [10, 5, 1, 0.5, 0.1, 0.05, 0.01];
const GRID_LEAST_LINES = 4;

export const NOTHING = { type: "FeatureCollection", features: [] };
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

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

export const groundStyle = () => ({
  version: 8,
  sources: { graticule: { type: "geojson", data: NOTHING } },
  layers: [
    { id: "ground", type: "background", paint: { "background-color": colour("map-ground") } },
    { id: "graticule", type: "line", source: "graticule", paint: { "line-color": colour("map-grid"), "line-width": 1 } },
  ],
});

/** A layer of pictures that never give way to each other. */
export const pictures = (source, size = 1) => ({
  id: source,
  type: "symbol",
  source,
  layout: {
    "icon-image": ["get", "image"],
    "icon-size": size,
    "icon-allow-overlap": true,
    "icon-ignore-placement": true,
    "symbol-sort-key": ["get", "order"],
  },
});

/** A canvas of so many CSS pixels; its context is scaled to them. */
export function canvasOf(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(width) * PIXEL_RATIO;
  canvas.height = Math.ceil(height) * PIXEL_RATIO;
  const context = canvas.getContext("2d");
  context.scale(PIXEL_RATIO, PIXEL_RATIO);
  return context;
}

export function addPicture(map, name, context) {
  const { width, height } = context.canvas;
  if (!map.hasImage(name)) map.addImage(name, context.getImageData(0, 0, width, height), { pixelRatio: PIXEL_RATIO });
}

/** One of the shapes of marks.js in a context, `size` pixels wide, with an edge against the ground. */
export function drawShape(context, shape, fill, size = MARK_PX) {
  context.save();
  context.scale(size / MARK_PX, size / MARK_PX);
  context.translate(1, 1); // the shapes are 16 wide, with room for their edge
  const path = new Path2D(shape);
  context.lineWidth = 2;
  context.lineJoin = "round";
  context.strokeStyle = colour("map-ground");
  context.stroke(path);
  context.fillStyle = fill;
  context.fill(path, "evenodd");
  context.restore();
}

export function addShape(map, name, shape, fill) {
  const context = canvasOf(MARK_PX, MARK_PX);
  drawShape(context, shape, fill);
  addPicture(map, name, context);
}

/** A name on a ground of its own: it can be read whatever lies below it. */
export function addLabel(map, name) {
  const font = `650 ${LABEL_PX}px ${getComputedStyle(document.body).fontFamily}`;
  const measured = canvasOf(1, 1);
  measured.font = font;
  const width = measured.measureText(name).width + 12;
  const height = LABEL_PX + 7;
  const context = canvasOf(width, height);
  context.fillStyle = colour("surface");
  context.strokeStyle = colour("line-strong");
  context.beginPath();
  context.roundRect(0.5, 0.5, width - 1, height - 1, 4);
  context.fill();
  context.stroke();
  context.font = font;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = colour("text");
  context.fillText(name, width / 2, height / 2 + 0.5);
  addPicture(map, name, context);
}

/** Lines of whole degrees, tenths or hundredths in view: a sense of place and size without tiles. */
export function graticule({ west, south, east, north }) {
  const step = GRID_DEGREES.find((degrees) => (east - west) / degrees >= GRID_LEAST_LINES) ?? GRID_DEGREES.at(-1);
  const lines = [];
  const upTo = (first, last, draw) => {
    for (let number = Math.ceil(first / step); number * step <= last; number += 1) lines.push(draw(number * step));
  };
  upTo(west, east, (x) => [[x, south], [x, north]]);
  upTo(south, north, (y) => [[west, y], [east, y]]);
  return { type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates: lines } };
}
