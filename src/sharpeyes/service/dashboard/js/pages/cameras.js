import { withQuery } from "../api.js";
import { useCodes } from "../codes.js";
import { useDivisions } from "../divisions.js";
import { html } from "../html.js";
import { CameraLink, Copyable } from "../parts/camera-name.js";
import { CameraFilters, Chosen, cameraFilter } from "../parts/filters.js";
import { CameraMark } from "../parts/marks.js";
import { Pager } from "../parts/pager.js";
import { Empty, Shown } from "../parts/states.js";
import { distanceM, formatDistance, pointOf } from "../positions.js";
import { useResource } from "../resource.js";
import { address, go, refine } from "../route.js";
import { Time } from "../times.js";
import { inWords, rich, t, word } from "../words.js";

const PAGE_SIZE = 50;
const COLUMNS = ["status", "name", "place", "cause", "since", "device_code", "tier", "division", "host"];

function CameraRow({ camera, nameOf, codes, near }) {
  const { device_code: code, name, cause, evidence, since, tier, division_code: division, host } = camera;
  const { place_name: called, address: street, place_kinds: kinds } = camera;
  // The whole row is a target for the mouse; the link in it is the one for the keyboard.
  const open = (click) => {
    if (click.target.closest("a, .copyable") === null) go("cameras", { id: code });
  };
  return html`<tr onClick=${open}>
    <td class="cell-status"><${CameraMark} camera=${camera} /></td>
    ${near && html`<td class="cell-distance">${formatDistance(distanceM(near, camera))}</td>`}
    <td class="cell-name"><${CameraLink} code=${code} name=${name} /></td>
    <td class="cell-place">${street && html`<${Copyable}>${street}<//>`}
      <span class="muted">${[called, ...kinds.map((kind) => codes.label("place_kind", kind))].filter(Boolean).join(t("separator"))}</span></td>
    <td class="cell-cause" title=${evidence}>${cause ? word("cause", cause) : inWords(evidence)}</td>
    <td class="cell-since">${since && html`<${Time} at=${since} since />`}</td>
    <td class="cell-code"><${Copyable}>${code}<//></td>
    <td class="cell-tier">${word("tier", tier)}</td>
    <td class="cell-division">${nameOf(division)}</td>
    <td class="cell-host">${host && html`<${Copyable}>${host}<//>`}</td>
  </tr>`;
}

/** How many match, and of how many: a number without its base says little. */
function Count({ page, base }) {
  if (!page || base === undefined) return null;
  const { total: count, total_is_estimate: isLeast } = page;
  return rich(isLeast ? "cameras.count_least" : "cameras.count", { count, base });
}

export function CamerasPage({ query }) {
  const filter = cameraFilter(query);
  const { near, after } = query;
  const cameras = useResource(withQuery("/cameras", { ...filter, near, after, limit: PAGE_SIZE }), ["status", "camera"]);
  const counts = useResource("/divisions/counts", ["camera"]);
  const { nameOf } = useDivisions();
  const codes = useCodes();
  const point = pointOf(near);
  const columns = point ? [COLUMNS[0], "distance", ...COLUMNS.slice(1)] : COLUMNS;
  const drop = (name) => () => refine({ [name]: null, after: null });
  return html`<h1 class="only-read">${t("page.cameras")}</h1>
    <${CameraFilters} query=${query}>
      ${query.bbox && html`<${Chosen} label=${t("field.bbox")} onDrop=${drop("bbox")}>${t("filter.bbox")}<//>`}
      ${near && html`<${Chosen} label=${t("field.near")} onDrop=${drop("near")}>${near}<//>`}
    <//>
    <p class="list-head"><span role="status"><${Count} page=${cameras.data} base=${counts.data?.division.cameras} /></span>${" "}
      <a href=${address("map", { query: { ...filter, bbox: null } })}>${t("cameras.on_map")}</a>
    </p>
    <section class="panel">
      <${Shown} resource=${cameras}>${({ cameras: rows, next }) =>
        rows.length === 0
          ? html`<${Empty} icon="search"><strong>${t("cameras.empty")}</strong><p>${t("cameras.empty.help")}</p><//>`
          : html`<div class="table-frame"><table class="cameras">
                <thead><tr>${columns.map((name) => html`<th key=${name} scope="col">${t(`field.${name}`)}</th>`)}</tr></thead>
                <tbody>${rows.map(
                  (camera) => html`<${CameraRow} key=${camera.device_code} camera=${camera} nameOf=${nameOf} codes=${codes} near=${point} />`,
                )}</tbody>
              </table></div>
              <${Pager} page="cameras" query=${query} next=${next} />`}<//>
    </section>`;
}
