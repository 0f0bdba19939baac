// What may be on file twice, and making one of it.
import { useState } from "../../vendor/preact-hooks.mjs";
import { post, withQuery } from "../api.js";
import { useDivisions } from "../divisions.js";
import { html } from "../html.js";
import { CameraLink, Copyable } from "../parts/camera-name.js";
import { Confirm, Refused } from "../parts/confirm.js";
import { CoverageLinks } from "../parts/coverage-links.js";
import { FieldLabel, FieldValue } from "../parts/field-value.js";
import { Choice, DivisionFilter } from "../parts/filters.js";
import { Empty, Shown } from "../parts/states.js";
import { useResource } from "../resource.js";
import { address } from "../route.js";
import { may } from "../session.js";
import { formatNumber, t, word } from "../words.js";

const REASONS = ["address", "mac", "position", "code"];

/** Ask what a merge would do, and then do that. */
function Merging({ keep, drop, onClose, onDone }) {
  const body = { keep: keep.device_code, drop: drop.device_code };
  const [plan, setPlan] = useState(null);
  const [asked, setAsked] = useState(false);
  if (!asked) {
    setAsked(true);
    post("/duplicates/merge", { ...body, dry_run: true }).then(setPlan);
  }
  if (plan === null) return null;
  const title = t("merge.title", { keep: keep.name, drop: drop.name });
  const done = plan.ok ? plan.data : { filled: {}, zones: [] };
  const filled = Object.entries(done.filled);
  return html`<${Confirm} title=${title} doing=${t("merge.do")} act=${() => post("/duplicates/merge", body)} onDone=${onDone} onClose=${onClose}>
    ${!plan.ok && html`<${Refused} problem=${plan} />`}
    <dl class="file">
      <div><dt>${t("merge.keeps")}</dt><dd>${keep.name} <${Copyable}>${keep.device_code}<//></dd></div>
      <div><dt>${t("merge.drops")}</dt><dd>${drop.name} <${Copyable}>${drop.device_code}<//></dd></div>
      ${filled.map(([name, value]) => html`<div key=${name}><dt>${t("merge.gets")} <${FieldLabel} name=${name} /></dt><dd><${FieldValue} name=${name} value=${value} /></dd></div>`)}
      ${done.zones.length > 0 && html`<div><dt>${t("merge.zones")}</dt><dd>${done.zones.join(t("list.comma"))}</dd></div>`}
      ${done.credentials && html`<div><dt>${t("merge.gets")}</dt><dd>${t("file.credentials")}</dd></div>`}
    </dl>
    <p>${t("merge.help")}</p>
  <//>`;
}

function Suspects({ duplicate, nameOf, onDone }) {
  const { reason, shared, cameras } = duplicate;
  const [keep, setKeep] = useState(cameras[0].device_code);
  const [drop, setDrop] = useState(null);
  const kept = cameras.find(({ device_code: code }) => code === keep);
  return html`<li class="suspects">
    <p><strong>${word("duplicate", reason)}</strong> <span class="muted" lang="en">${shared}</span></p>
    <ul>${cameras.map((camera) => {
      const { device_code: code } = camera;
      return html`<li key=${code}>
        ${may("cameras:write") && html`<label class="tick"><input type="radio" name=${`keep-${reason}-${shared}-${cameras[0].device_code}`} checked=${code === keep} onChange=${() => setKeep(code)} />${t("merge.keep")}</label>`}
        <span><${CameraLink} code=${code} name=${camera.name} /> <${Copyable}>${code}<//></span>
        <span class="muted">${nameOf(camera.division_code)}${t("separator")}${word("tier", camera.tier)}${t("separator")}${word("life", camera.life)}</span>
        ${may("cameras:write") && code !== keep && html`<button type="button" onClick=${() => setDrop(camera)}>${t("merge.into", { name: kept.name })}</button>`}
      </li>`;
    })}</ul>
    ${drop && html`<${Merging} keep=${kept} drop=${drop} onDone=${onDone} onClose=${() => setDrop(null)} />`}
  </li>`;
}

export function DuplicatesPage({ query }) {
  const { division, reason } = query;
  const resource = useResource(withQuery("/duplicates", { division, reason }), []);
  const { nameOf } = useDivisions();
  const [merged, setMerged] = useState(null);
  const done = (merge) => {
    setMerged(merge);
    resource.again();
  };
  return html`<h1 class="only-read">${t("coverage.duplicates")}</h1>
    <${CoverageLinks} at="duplicates" query=${query} />
    <form class="filters" onSubmit=${(submit) => submit.preventDefault()}>
      <${DivisionFilter} value=${division} />
      <${Choice} name="reason" value=${reason} label=${t("field.reason")} options=${REASONS.map((name) => [name, t(`duplicate.${name}`)])} />
    </form>
    ${merged && html`<p class="stale-note" role="status">${t("merge.done", { keep: merged.kept, drop: merged.dropped })}</p>`}
    <section class="panel">
      <${Shown} resource=${resource}>${({ total, duplicates, crowded, is_cut_off: isCutOff }) =>
        duplicates.length === 0 && crowded.length === 0
          ? html`<${Empty}><strong>${t("duplicates.empty")}</strong><p>${t("duplicates.empty.help")}</p><//>`
          : html`<p class="list-head">${Object.entries(total).map(([name, count]) => html`<span key=${name}>${word("duplicate", name)} <strong>${formatNumber(count)}</strong>  </span>`)}
                ${isCutOff && t("duplicates.cut_off")}</p>
              <ul class="duplicates">${duplicates.map((duplicate) => html`<${Suspects} key=${`${duplicate.reason} ${duplicate.cameras.map((camera) => camera.device_code).join()}`} duplicate=${duplicate} nameOf=${nameOf} onDone=${done} />`)}</ul>
              ${crowded.length > 0 &&
              html`<h2>${t("duplicates.crowded")}</h2><p class="muted">${t("duplicates.crowded.help")}</p>
                <ul>${crowded.map(({ longitude, latitude, cameras }) => html`<li key=${`${longitude} ${latitude}`}>
                  <a href=${address("cameras", { query: { near: `${longitude},${latitude}` } })}>${`${longitude}, ${latitude}`}</a> ${t("cameras.number", { count: cameras })}</li>`)}</ul>`}`}<//>
    </section>`;
}
