import { withQuery } from "../api.js";
import { useDivisions } from "../divisions.js";
import { html } from "../html.js";
import { Copyable } from "../parts/camera-name.js";
import { StatusMark } from "../parts/marks.js";
import { Empty, Shown } from "../parts/states.js";
import { Timeline } from "../parts/timeline.js";
import { Zones } from "../parts/zones.js";
import { useResource } from "../resource.js";
import { address } from "../route.js";
import { Time } from "../times.js";
import { t, word } from "../words.js";
import { EventList } from "./events.js";

const SHOWN_EVENTS = 10;

const bracketed = (host) => (host.includes(":") ? `[${host}]` : host);

/** The file's fields in reading order: [key, value] pairs; empty ones stay, so that gaps are seen. */
function fileRows(camera, nameOf) {
  const { host, rtsp_port: rtspPort, http_port: httpPort, longitude, latitude } = camera;
  const rtsp = (path) => host && path && `rtsp://${bracketed(host)}:${rtspPort}${path}`;
  const copy = (value) => value && html`<${Copyable}>${value}<//>`;
  const placed = longitude !== null && latitude !== null;
  return [
    ["device_code", copy(camera.device_code)],
    ["tier", word("tier", camera.tier)],
    ["division", html`${nameOf(camera.division_code)} <span class="muted">${camera.division_code}</span>`],
    ["position", placed && html`<${Copyable}>${longitude.toFixed(6)}, ${latitude.toFixed(6)}<//>${" "}
      <a href=${address("map", { query: { camera: camera.device_code } })}>${t("camera.on_map")}</a>`],
    ["host", copy(host)],
    ["main_stream", copy(rtsp(camera.main_stream_path))],
    ["sub_stream", copy(rtsp(camera.sub_stream_path))],
    ["snapshot", copy(host && camera.snapshot_path && `http://${bracketed(host)}:${httpPort}${camera.snapshot_path}`)],
    ["poll_mode", word("poll_mode", camera.poll_mode)],
    ["sampling", camera.sample_source === "none"
      ? word("sample_source", "none")
      : t("camera.sampling", { source: word("sample_source", camera.sample_source), seconds: camera.sample_interval_s })],
    ["updated_at", html`<${Time} at=${camera.updated_at} /> <span class="muted">${t("camera.revision", { revision: camera.revision })}</span>`],
  ];
}

const CameraFile = ({ camera, nameOf }) => html`<section class="panel" aria-label=${t("camera.file")}>
  <h2>${t("camera.file")}</h2>
  <dl class="file">
    ${fileRows(camera, nameOf).map(
      ([key, value]) =>
        html`<div key=${key}><dt>${t(`field.${key}`)}</dt><dd>${value || html`<span class="muted">${t("none")}</span>`}</dd></div>`,
    )}
  </dl>
</section>`;

function History({ camera }) {
  const { transitions, status } = camera;
  return html`<section class="panel" aria-label=${t("camera.history")}>
    <h2>${t("camera.history")}</h2>
    ${status !== "not_measured" && html`<${Timeline} transitions=${transitions} status=${status} />`}
    ${transitions.length === 0
      ? html`<${Empty} icon="question">${t(status === "not_measured" ? "camera.history.never" : "camera.history.empty")}<//>`
      : html`<ol class="transitions">
          ${transitions.map(
            (change) =>
              html`<li key=${change.at}>
                <${Time} at=${change.at} />
                <span class="change"><${StatusMark} status=${change.from_status} label=${false} />
                  <span aria-hidden="true">→</span><${StatusMark} status=${change.to_status} /></span>
                <span>${change.cause && html`<strong>${word("cause", change.cause)}</strong>`}${" "}
                  <span class="evidence" lang="en">${change.evidence}</span></span>
              </li>`,
          )}
        </ol>`}
  </section>`;
}

function CameraHead({ camera }) {
  return html`<header class="head">
    <h1>${camera.name}</h1>
    <p class="head-status"><${StatusMark} status=${camera.status} />
      ${camera.cause && html`<strong>${word("cause", camera.cause)}</strong>`}
      ${camera.since && html`<${Time} at=${camera.since} since />`}
      <span class="evidence" lang="en">${camera.evidence}</span></p>
    ${camera.status === "not_measured" && html`<p class="muted">${t("camera.not_measured")}</p>`}
  </header>`;
}

function CameraEvents({ code }) {
  const events = useResource(withQuery("/events", { camera: code, limit: SHOWN_EVENTS }), ["event"]);
  return html`<section class="panel" aria-label=${t("camera.events")}>
    <h2>${t("camera.events")}<a href=${address("events", { query: { camera: code } })}>${t("camera.events.all")}</a></h2>
    <${Shown} resource=${events}>${({ events: rows }) =>
      rows.length === 0
        ? html`<${Empty} icon="events">${t("events.empty")}<//>`
        : html`<${EventList} events=${rows} />`}<//>
  </section>`;
}

export function CameraPage({ id: code }) {
  const resource = useResource(`/cameras/${encodeURIComponent(code)}`, ["status", "camera"]);
  const { nameOf } = useDivisions();
  return html`<p class="crumbs"><a href=${address("cameras")}>${t("page.cameras")}</a></p>
    <${Shown} resource=${resource}>${(camera) => html`
      <${CameraHead} camera=${camera} />
      <div class="camera-parts">
        <${CameraFile} camera=${camera} nameOf=${nameOf} />
        <div class="camera-side">
          <${History} camera=${camera} />
          <section class="panel" aria-label=${t("camera.zones")}>
            <h2>${t("camera.zones")}</h2>
            ${camera.zones.length === 0
              ? html`<${Empty} icon="picture">${t("camera.zones.empty")}<//>`
              : html`<${Zones} zones=${camera.zones} />`}
          </section>
        </div>
        <${CameraEvents} code=${code} />
      </div>`}<//>`;
}
