import { withQuery } from "../api.js";
import { useDivisions } from "../divisions.js";
import { html } from "../html.js";
import { CameraLink, Copyable } from "../parts/camera-name.js";
import { CameraFilters, Search } from "../parts/filters.js";
import { StatusMark } from "../parts/marks.js";
import { Pager } from "../parts/pager.js";
import { Empty, Shown } from "../parts/states.js";
import { useResource } from "../resource.js";
import { address, go } from "../route.js";
import { Time } from "../times.js";
import { t, word } from "../words.js";

const PAGE_SIZE = 50;
const COLUMNS = ["status", "name", "cause", "since", "device_code", "tier", "division", "host"];

function CameraRow({ camera, nameOf }) {
  const { device_code: code, name, status, cause, evidence, since, tier, division_code: division, host } = camera;
  // The whole row is a target for the mouse; the link in it is the one for the keyboard.
  const open = (click) => {
    if (click.target.closest("a, .copyable") === null) go("cameras", { id: code });
  };
  return html`<tr onClick=${open}>
    <td class="cell-status"><${StatusMark} status=${status} /></td>
    <td class="cell-name"><${CameraLink} code=${code} name=${name} /></td>
    <td class="cell-cause" title=${evidence}>${cause && word("cause", cause)}</td>
    <td class="cell-since">${since && html`<${Time} at=${since} since />`}</td>
    <td class="cell-code"><${Copyable}>${code}<//></td>
    <td class="cell-tier">${word("tier", tier)}</td>
    <td class="cell-division">${nameOf(division)}</td>
    <td class="cell-host">${host && html`<${Copyable}>${host}<//>`}</td>
  </tr>`;
}

export function CamerasPage({ query }) {
  const { tier, division, status, q, after } = query;
  const cameras = useResource(withQuery("/cameras", { tier, division, status, q, after, limit: PAGE_SIZE }), [
    "status",
    "camera",
  ]);
  const { nameOf } = useDivisions();
  const count = cameras.data?.total;
  return html`<h1 class="only-read">${t("page.cameras")}</h1>
    <${CameraFilters} query=${query}><${Search} value=${q} /><//>
    <p class="list-head" role="status">
      ${count !== undefined && t("cameras.count", { count })}${" "}
      <a href=${address("map", { query: { tier, division, status, q } })}>${t("cameras.on_map")}</a>
    </p>
    <section class="panel">
      <${Shown} resource=${cameras}>${({ cameras: rows, next }) =>
        rows.length === 0
          ? html`<${Empty} icon="search"><strong>${t("cameras.empty")}</strong><p>${t("cameras.empty.help")}</p><//>`
          : html`<div class="table-frame"><table class="cameras">
                <thead><tr>${COLUMNS.map((name) => html`<th key=${name} scope="col">${t(`field.${name}`)}</th>`)}</tr></thead>
                <tbody>${rows.map((camera) => html`<${CameraRow} key=${camera.device_code} camera=${camera} nameOf=${nameOf} />`)}</tbody>
              </table></div>
              <${Pager} page="cameras" query=${query} next=${next} />`}<//>
    </section>`;
}
