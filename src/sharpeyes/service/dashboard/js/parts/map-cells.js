// Many cameras as one mark: how many, a ring of how they are, and a sign if some need somebody.
import { formatNumber, formatShort, t } from "../words.js";
import { addPicture, canvasOf, colour, drawShape } from "./map-style.js";
import { STATUSES, STATUS_SHAPES } from "./marks.js";

// A cell of the service is 64 pixels wide or more: between rows of marks there is room for a name.
const SMALLEST_PX = 28;
const LARGEST_PX = 42;
const RING_PX = 4;
const SIGN_PX = 15;
const CLOCKWISE = [...STATUSES].reverse(); // from the top: first what is well

const widthOf = (cameras) => Math.min(LARGEST_PX, SMALLEST_PX + 4 * Math.log10(cameras));

function draw(cameras, byStatus) {
  const width = widthOf(cameras);
  const context = canvasOf(width + 8, width + 8);
  const middle = width / 2 + 4;
  const disc = (radius, fill) => {
    context.beginPath();
    context.arc(middle, middle, radius, 0, 2 * Math.PI);
    context.fillStyle = fill;
    context.fill();
  };
  disc(width / 2 + 1, colour("line-strong"));
  disc(width / 2, colour("surface"));
  let from = -Math.PI / 2;
  context.lineWidth = RING_PX;
  for (const status of CLOCKWISE) {
    const until = from + (2 * Math.PI * (byStatus[status] ?? 0)) / cameras;
    context.beginPath();
    context.arc(middle, middle, width / 2 - RING_PX / 2, from, until);
    context.strokeStyle = colour(status === "not_measured" ? "bar-none" : `bar-${status}`);
    context.stroke();
    from = until;
  }
  context.font = `650 ${cameras > 999 ? 11 : 12}px ${getComputedStyle(document.body).fontFamily}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = colour("text");
  context.fillText(formatShort(cameras), middle, middle + 0.5);
  if (byStatus.offline) {
    context.translate(width + 8 - SIGN_PX, 0);
    drawShape(context, STATUS_SHAPES.offline, colour("status-offline"), SIGN_PX);
  }
  return context;
}

/** "1,234 cameras: Offline 12 · Online 1,222" */
export const cellWords = ({ cameras, by_status: byStatus }) =>
  t("map.cell", {
    count: cameras,
    statuses: STATUSES.filter((status) => byStatus[status])
      .map((status) => t("share.segment", { status: t(`status.${status}`), count: formatNumber(byStatus[status]) }))
      .join(t("separator")),
  });

/** The cells as marks in their middles; pictures that no cell needs any more are forgotten. */
export function cellFeatures(map, cells, drawn) {
  const needed = new Set();
  const features = cells.map((cell, index) => {
    const { west, south, east, north, cameras, by_status: byStatus } = cell;
    const image = `cell ${cameras} ${CLOCKWISE.map((status) => byStatus[status] ?? 0).join()}`;
    if (!map.hasImage(image)) addPicture(map, image, draw(cameras, byStatus));
    needed.add(image);
    return {
      type: "Feature",
      geometry: { type: "Point", coordinates: [(west + east) / 2, (south + north) / 2] },
      properties: { image, index, order: cameras },
    };
  });
  for (const image of drawn) if (!needed.has(image)) map.removeImage(image);
  return { drawn: needed, data: { type: "FeatureCollection", features } };
}
