// A state is always a colour, a shape and a word, so that no one of them has to be seen.
// The shapes are paths in a 16 x 16 square; the map draws the same ones.
import { html } from "../html.js";
import { word } from "../words.js";

const DISC = "M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2z";
const TRIANGLE = "M8 1.2L15.4 14.5H.6z";
const CROSSED_SQUARE =
  "M1.5 1.5h13v13h-13zM5.2 4L4 5.2 6.8 8 4 10.8 5.2 12 8 9.2 10.8 12 12 10.8 9.2 8 12 5.2 10.8 4 8 6.8z";
const HALF_SQUARE = "M1.5 1.5h13v13h-13zM3.5 3.5v9h4.5v-9z";
const HOLLOW_DIAMOND = "M8 .8L15.2 8 8 15.2.8 8zM8 4L4 8l4 4 4-4z";
const RING = "M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2zm0 2.2a3.8 3.8 0 1 1 0 7.6 3.8 3.8 0 1 1 0-7.6z";
const HEXAGON = "M8 1l6.2 3.5v7L8 15l-6.2-3.5v-7z";

export const STATUS_SHAPES = {
  ok: DISC,
  degraded: TRIANGLE,
  unreachable: HALF_SQUARE,
  offline: CROSSED_SQUARE,
  unknown: HOLLOW_DIAMOND,
  not_measured: RING,
  maintenance: HEXAGON,
};

// What a list may be narrowed to, worst first.
export const STATUSES = ["offline", "unreachable", "degraded", "unknown", "ok", "not_measured"];
export const LIVES = ["planned", "in_service", "maintenance", "removed"];
export const TIERS = ["city", "district", "social", "police", "other"];

export const COVERAGE_COLOURS = { covered: "status-ok", not_covered: "status-offline", unknown: "status-unknown" };
export const COVERAGE_SHAPES = { covered: DISC, not_covered: CROSSED_SQUARE, unknown: HOLLOW_DIAMOND };
const RUN_SHAPES = { running: RING, done: DISC, stopped: TRIANGLE, failed: CROSSED_SQUARE, undone: HOLLOW_DIAMOND };
export const SEVERITY_COLOURS = { alert: "status-offline", warning: "status-degraded", info: "status-unknown" };
export const SEVERITY_SHAPES = { alert: CROSSED_SQUARE, warning: TRIANGLE, info: RING };
const LIGHT_SHAPES = { none: DISC, blue: HOLLOW_DIAMOND, yellow: TRIANGLE, red: CROSSED_SQUARE };
const INCIDENT_SHAPES = { open: HEXAGON, recovering: HALF_SQUARE, closed: RING };
const ENDPOINT_SHAPES = { disabled: CROSSED_SQUARE, deferred: TRIANGLE, failing: TRIANGLE, paused: HALF_SQUARE, active: DISC };
const DELIVERY_SHAPES = { dead: CROSSED_SQUARE, pending: HOLLOW_DIAMOND, delivered: DISC };

function Mark({ group, value, shape, label = true, children }) {
  const text = word(group, value);
  return html`<span class="mark ${group}-${value}" title=${label ? null : text}>
    <svg viewBox="0 0 16 16" width="12" height="12" role=${label ? null : "img"} aria-label=${label ? null : text}
      aria-hidden=${label ? "true" : null}><path fill-rule="evenodd" d=${shape} /></svg>
    ${label && html`<span>${text}</span>`}${children}
  </span>`;
}

export const StatusMark = ({ status, label }) =>
  html`<${Mark} group="status" value=${status} shape=${STATUS_SHAPES[status] ?? RING} label=${label} />`;

/** A camera's status; where it is in its life, if that is why nobody asks it. */
export const CameraMark = ({ camera: { status, life }, label }) =>
  life === "maintenance"
    ? html`<${StatusMark} status="maintenance" label=${label} />`
    : html`<${StatusMark} status=${status} label=${label} />${life !== "in_service" && html` <span class="tag">${word("life", life)}</span>`}`;

export const CoverageMark = ({ state, label }) =>
  html`<${Mark} group="coverage" value=${state} shape=${COVERAGE_SHAPES[state] ?? RING} label=${label} />`;

export const RunMark = ({ state }) => html`<${Mark} group="run" value=${state} shape=${RUN_SHAPES[state] ?? RING} />`;

/** How much of the time to mend it is gone; "" is not half of it. */
export const LightMark = ({ light, label }) =>
  html`<${Mark} group="light" value=${light || "none"} shape=${LIGHT_SHAPES[light || "none"] ?? RING} label=${label} />`;

export const IncidentStateMark = ({ state, label }) =>
  html`<${Mark} group="incident_state" value=${state} shape=${INCIDENT_SHAPES[state] ?? RING} label=${label} />`;

export const SeverityMark = ({ severity, label }) =>
  html`<${Mark} group="severity" value=${severity} shape=${SEVERITY_SHAPES[severity] ?? RING} label=${label} />`;

export const EndpointMark = ({ state }) =>
  html`<${Mark} group="endpoint_state" value=${state} shape=${ENDPOINT_SHAPES[state] ?? RING} />`;

export const DeliveryMark = ({ state, children }) =>
  html`<${Mark} group="delivery" value=${state} shape=${DELIVERY_SHAPES[state] ?? RING}>${children}<//>`;
