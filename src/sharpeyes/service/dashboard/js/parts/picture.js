import { useState } from "../../vendor/preact-hooks.mjs";
import { html } from "../html.js";
import { may } from "../session.js";
import { t } from "../words.js";
import { Icon } from "./icons.js";

export const Missing = ({ icon, text, small, kind = "" }) =>
  html`<div class="picture missing ${kind}" title=${text}><${Icon} name=${icon} />${!small && html`<span>${text}</span>`}</div>`;

/** An event's evidence picture with its box, and the zone if one is given, drawn over it. Looking is recorded by the service. */
export function Picture({ event, small = false, zone = null }) {
  const [failed, setFailed] = useState(false);
  const { box_xyxy: box, picture_width_px: width = 16, picture_height_px: height = 9 } = event.data;
  if (!event.has_picture) return html`<${Missing} icon="picture" text=${t("picture.none")} kind="nothing" small=${small} />`;
  if (!may("pictures:read")) return html`<${Missing} icon="lock" text=${t("picture.forbidden")} small=${small} />`;
  if (failed) return html`<${Missing} icon="warning" text=${t("picture.failed")} small=${small} />`;
  return html`<div class="picture" style=${{ aspectRatio: `${width} / ${height}` }}>
    <img src=${`/api/v1/events/${encodeURIComponent(event.event_id)}/picture`} loading="lazy" decoding="async"
      alt=${t("picture.alt", { camera: event.camera_name })} onError=${() => setFailed(true)} />
    ${(box || zone) &&
    html`<svg viewBox="0 0 ${width} ${height}" aria-hidden="true">
      ${zone && html`<polygon class="picture-zone zone-${zone.kind}" points=${zone.polygon.map(([x, y]) => `${x * width},${y * height}`).join(" ")} />`}
      ${box && ["box-edge", "box"].map(
        (name) =>
          html`<rect key=${name} class=${name} x=${box[0]} y=${box[1]} width=${box[2] - box[0]} height=${box[3] - box[1]} />`,
      )}
    </svg>`}
  </div>`;
}
