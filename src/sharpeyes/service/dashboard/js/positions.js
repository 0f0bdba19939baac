// Positions: longitude and latitude in degrees, WGS-84.
import { formatNumber, t } from "./words.js";

const EARTH_M = 6_371_000;
const radians = (degrees) => (degrees * Math.PI) / 180;

/** "114.3,30.6" -> { longitude, latitude }; null if the address says nothing usable. */
export function pointOf(text) {
  const numbers = (text ?? "").split(",").map(Number);
  if (numbers.length !== 2 || !numbers.every(Number.isFinite)) return null;
  return { longitude: numbers[0], latitude: numbers[1] };
}

export const isPlaced = ({ longitude, latitude }) => typeof longitude === "number" && typeof latitude === "number";

/** Metres between two positions, on a sphere; null where one of them has none. */
export function distanceM(one, other) {
  if (!isPlaced(one) || !isPlaced(other)) return null;
  const [south, north] = [one.latitude, other.latitude].map(radians);
  const half = (angle) => Math.sin(angle / 2) ** 2;
  const chord = half(north - south) + Math.cos(south) * Math.cos(north) * half(radians(other.longitude - one.longitude));
  return 2 * EARTH_M * Math.asin(Math.sqrt(chord));
}

export function formatDistance(metres) {
  if (metres === null) return "";
  if (metres < 1000) return t("distance.m", { number: Math.round(metres) });
  return t("distance.km", { number: formatNumber(Math.round(metres / 100) / 10) });
}
