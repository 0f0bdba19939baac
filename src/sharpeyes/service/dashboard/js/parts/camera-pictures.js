// What a camera showed last, beside what it should show. Looking is recorded by the service.
import { useState } from "../../vendor/preact-hooks.mjs";
import { fileAddress, remove } from "../api.js";
import { html } from "../html.js";
import { useResource } from "../resource.js";
import { may } from "../session.js";
import { Time } from "../times.js";
import { t } from "../words.js";
import { Confirm } from "./confirm.js";
import { Missing } from "./picture.js";
import { Empty, Shown } from "./states.js";

const KINDS = ["last", "day", "night"];

function Kept({ camera, picture: { kind, at, samples, is_ready: isReady } }) {
  const [failed, setFailed] = useState(false);
  const what = t(`camera.pictures.${kind}`);
  const path = `/cameras/${encodeURIComponent(camera.device_code)}/pictures/${kind}?at=${encodeURIComponent(at)}`;
  return html`<figure>
    ${!may("pictures:read")
      ? html`<${Missing} icon="lock" text=${t("picture.forbidden")} />`
      : failed
        ? html`<${Missing} icon="warning" text=${t("picture.failed")} />`
        : html`<div class="picture"><img src=${fileAddress(path)} loading="lazy" decoding="async"
            alt=${t("camera.pictures.alt", { what, camera: camera.name })} onError=${() => setFailed(true)} /></div>`}
    <figcaption><strong>${what}</strong> <${Time} at=${at} />${" "}
      ${isReady === false && html`<span class="muted">${t("camera.pictures.learning", { count: samples })}</span>`}</figcaption>
  </figure>`;
}

export function CameraPictures({ camera, mayEdit }) {
  const path = `/cameras/${encodeURIComponent(camera.device_code)}`;
  const resource = useResource(`${path}/pictures`, ["status", "camera"]);
  const [asking, setAsking] = useState(false);
  const renewing = t("camera.pictures.renew");
  return html`<section class="panel" aria-label=${t("camera.pictures")}>
    <h2>${t("camera.pictures")}</h2>
    <${Shown} resource=${resource}>${({ pictures }) =>
      pictures.length === 0
        ? html`<${Empty} icon="picture">${t("camera.pictures.empty")}<//>`
        : html`<div class="camera-pictures">${KINDS.flatMap((kind) => pictures.filter((kept) => kept.kind === kind)).map(
            (picture) => html`<${Kept} key=${picture.kind + picture.at} camera=${camera} picture=${picture} />`,
          )}</div>
          ${may("pictures:read") && html`<p class="muted">${t("picture.recorded")}</p>`}
          ${mayEdit &&
          pictures.some(({ kind }) => kind !== "last") &&
          html`<p class="buttons"><button type="button" onClick=${() => setAsking(true)}>${renewing}</button></p>`}`}<//>
    ${asking &&
    html`<${Confirm} title=${renewing} doing=${renewing} act=${() => remove(`${path}/reference`)}
      onDone=${() => resource.again()} onClose=${() => setAsking(false)}>
      <p>${t("camera.pictures.renew.help")}</p>
    <//>`}
  </section>`;
}
