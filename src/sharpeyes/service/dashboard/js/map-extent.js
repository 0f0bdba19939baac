// Where cameras are, found by asking the map: coarsely for the whole world, then nearer.
import { get, withQuery } from "./api.js";

const WORLD = { west: -180, south: -85, east: 180, north: 85 };
const WUHAN = { west: 113.7, south: 29.97, east: 115.08, north: 31.36 };
// What one camera in so many has is a slip in its file, not where the cameras are.
const STRAY_SHARE = 0.002;
const MOST_STEPS = 5;

export const boxText = ({ west, south, east, north }) => [west, south, east, north].map((degrees) => degrees.toFixed(5)).join();

/** What the map holds in a box; null where it does not answer. */
export async function askMap(filter, box, zoom) {
  const answer = await get(withQuery("/map", { ...filter, bbox: boxText(box), zoom }));
  return answer.ok ? answer.data : null;
}

function around({ points, cells }) {
  const spots = points.length
    ? points.map(({ longitude, latitude }) => ({ west: longitude, east: longitude, south: latitude, north: latitude, cameras: 1 }))
    : cells;
  const all = spots.reduce((sum, { cameras }) => sum + cameras, 0);
  const kept = spots.filter(({ cameras }) => cameras >= all * STRAY_SHARE);
  const edge = (pick, name) => (kept.length ? kept : spots).map((spot) => spot[name]).reduce((a, b) => pick(a, b));
  return { west: edge(Math.min, "west"), south: edge(Math.min, "south"), east: edge(Math.max, "east"), north: edge(Math.max, "north") };
}

/** The box that the cameras of a filter stand in. */
export async function extentOf(filter) {
  let box = WORLD;
  let zoom = 3;
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const seen = await askMap(filter, box, zoom);
    if (seen === null || seen.cameras === 0) return step === 0 ? WUHAN : box;
    const next = around(seen);
    const shrunk = (next.east - next.west) / (box.east - box.west);
    box = next;
    if (seen.points.length || shrunk > 0.6) break;
    // Cells a sixteenth of the box or finer.
    zoom = Math.min(15, Math.ceil(Math.log2(360 / (box.east - box.west))) + 2);
  }
  return box;
}

const middles = new Map();

/** The middle of a division's cameras; null where it has none on the map. */
export async function middleOf(division) {
  if (middles.has(division)) return middles.get(division);
  const seen = await askMap({ division }, WORLD, 10);
  if (seen === null) return null; // another time
  const mean = (from, to) => seen.cells.reduce((sum, cell) => sum + ((cell[from] + cell[to]) / 2) * cell.cameras, 0) / seen.cameras;
  const found = seen.cameras > 0 ? [mean("west", "east"), mean("south", "north")] : null;
  middles.set(division, found);
  return found;
}
