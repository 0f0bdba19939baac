import { html } from "../html.js";

// Strokes in a 20 x 20 square.
const PATHS = {
  overview: "M3 3h6v8H3zM11 3h6v4h-6zM11 9h6v8h-6zM3 13h6v4H3z",
  incidents: "M10 2l8 15H2zM10 7.5v4.5M10 14.6v.2",
  map: "M10 18s6-5.4 6-10A6 6 0 0 0 4 8c0 4.6 6 10 6 10zM10 10.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z",
  cameras: "M2.5 6.5l11-3 1.5 5.5-11 3zM14.5 6.6l3-.6M6 12v5M3 17h6",
  events: "M10 2.5a4.5 4.5 0 0 0-4.5 4.5c0 5-2 6-2 7h13c0-1-2-2-2-7A4.5 4.5 0 0 0 10 2.5zM8.2 16.5a1.9 1.9 0 0 0 3.6 0",
  endpoints: "M3 10h9M8.5 6.5L12 10l-3.5 3.5M12 4h5v12h-5",
  coverage: "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM10 14a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM10 10h.01",
  imports: "M10 3v9M6.5 8.5L10 12l3.5-3.5M3 13v4h14v-4",
  audit: "M5 3h10v14H5zM8 7h4M8 10h4M8 13h2",
  accounts: "M10 10a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3.5 17a6.5 6.5 0 0 1 13 0",
  more: "M4 10h.01M10 10h.01M16 10h.01",
  tick: "M4 10.5l4 4 8-9",
  lock: "M5 9h10v8H5zM7 9V6.5a3 3 0 0 1 6 0V9",
  question: "M7.5 7.5a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8M10 14.5v.5M10 18a8 8 0 1 0 0-16 8 8 0 0 0 0 16z",
  unplugged: "M3 17l4-4M13 7l4-4M6 9l5 5-2 2a3 3 0 0 1-4.5.5A3 3 0 0 1 4 11zM9 6l2-2a3 3 0 0 1 4.5-.5A3 3 0 0 1 16 9l-2 2z",
  warning: "M10 3l8 14H2zM10 8v4M10 14.3v.4",
  picture: "M3 4h14v12H3zM3 13l4-4 4 4 3-3 3 3M13 8a1 1 0 1 0 0-2 1 1 0 0 0 0 2z",
  search: "M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM13 13l4 4",
  sun: "M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6L16 16M16 4l-1.4 1.4M5.4 14.6L4 16",
  moon: "M16.5 12.5A7 7 0 0 1 7.5 3.5a7 7 0 1 0 9 9z",
  auto: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 3v14M10 6h4M10 10h6.5M10 14h4",
  out: "M8 3H4v14h4M12 6l4 4-4 4M16 10H8",
};

export const Icon = ({ name }) =>
  html`<svg class="icon" viewBox="0 0 20 20" width="18" height="18" fill="none" stroke="currentColor" stroke-width="1.6"
    stroke-linejoin="round" stroke-linecap="round" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
