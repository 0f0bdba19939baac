// A camera's file, group by group.
import { GROUPS, isEmpty } from "../camera-fields.js";
import { html } from "../html.js";
import { address } from "../route.js";
import { Time } from "../times.js";
import { t } from "../words.js";
import { FieldLabel, FieldValue } from "./field-value.js";

const OnMap = ({ camera }) => html` <a href=${address("map", { query: { camera: camera.device_code } })}>${t("camera.on_map")}</a>`;

/** What is filled in, and below it the names of what is not, so that gaps are seen. */
function Group({ group, camera }) {
  const filled = group.fields.filter(({ name }) => !isEmpty(camera[name]));
  const gaps = group.fields.filter(({ name }) => isEmpty(camera[name]));
  return html`<section class="file-group" aria-label=${t(`group.${group.name}`)}>
    <h3>${t(`group.${group.name}`)}</h3>
    <dl class="file">
      ${filled.map(
        ({ name }) => html`<div key=${name}><dt><${FieldLabel} name=${name} /></dt>
          <dd><${FieldValue} name=${name} value=${camera[name]} edition=${camera.code_edition} />
            ${name === "latitude" && html`<${OnMap} camera=${camera} />`}</dd></div>`,
      )}
      ${group.name === "polling" && html`<div><dt>${t("file.credentials")}</dt>
        <dd>${t(camera.has_credentials ? "credentials.stored" : "credentials.none")}</dd></div>`}
    </dl>
    ${gaps.length > 0 &&
    html`<p class="gaps muted">${t("file.gaps")} ${gaps.map(
      ({ name }, index) => html`${index > 0 && t("list.comma")}<${FieldLabel} name=${name} />`,
    )}</p>`}
  </section>`;
}

export const CameraFile = ({ camera, mayEdit }) => html`<section class="panel" aria-label=${t("camera.file")}>
  <h2>${t("camera.file")}
    ${mayEdit && html`<a class="button" href=${address("cameras", { id: camera.device_code, query: { edit: "1" } })}>${t("camera.edit")}</a>`}
  </h2>
  <p class="muted">${t("camera.revision", { revision: camera.revision })}${t("separator")}<${Time} at=${camera.updated_at} /></p>
  ${GROUPS.map((group) => html`<${Group} key=${group.name} group=${group} camera=${camera} />`)}
</section>`;
