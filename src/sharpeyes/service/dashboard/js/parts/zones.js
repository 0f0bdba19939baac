import { html } from "../html.js";
import { formatDuration, t, word } from "../words.js";

// A picture's usual shape; zones are in shares of its sides.
const WIDTH = 160;
const HEIGHT = 90;

/** A camera's zones, drawn where they lie in its picture and listed. */
export function Zones({ zones }) {
  return html`<div class="zones">
    <svg class="zones-plan" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${t("zones.plan")}>
      ${zones.map(
        (zone) =>
          html`<polygon key=${zone.name} class="zone-${zone.kind}"
            points=${zone.polygon.map(([x, y]) => `${x * WIDTH},${y * HEIGHT}`).join(" ")}><title>${zone.name}</title></polygon>`,
      )}
    </svg>
    <ul class="zones-list">
      ${zones.map(
        (zone) =>
          html`<li key=${zone.name}>
            <span class="zone-key zone-${zone.kind}" aria-hidden="true"></span>
            <span class="name">${zone.name}</span>
            <span class="muted">
              ${word("zone", zone.kind)}${zone.dwell_s !== null && zone.dwell_s !== undefined &&
              t("zone.dwell", { duration: formatDuration(zone.dwell_s * 1000) })}
            </span>
          </li>`,
      )}
    </ul>
  </div>`;
}
