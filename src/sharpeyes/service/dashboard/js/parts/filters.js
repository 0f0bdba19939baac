import { useEffect, useRef, useState } from "../../vendor/preact-hooks.mjs";
import { useCodes } from "../codes.js";
import { html } from "../html.js";
import { refine } from "../route.js";
import { t } from "../words.js";
import { DivisionPicker } from "./division-picker.js";
import { Icon } from "./icons.js";
import { LIVES, STATUSES, TIERS } from "./marks.js";

const TYPING_MS = 300;

// What narrows cameras down, in tables and on maps alike.
const FILTERS = ["tier", "division", "status", "life", "place_kind", "maker", "q", "bbox"];

/** The part of an address's query that says which cameras are meant. */
export const cameraFilter = (query) => Object.fromEntries(FILTERS.map((name) => [name, query[name]]));

// Another filter makes another list: a place in the old one means nothing in it.
const narrow = (changes) => refine({ ...changes, after: null });

/** A choice that lives in the address. options: [value, words] pairs. */
export function Choice({ name, value, label, options, all = t("filter.all") }) {
  return html`<label class="filter">
    <span>${label}</span>
    <select name=${name} onChange=${(change) => narrow({ [name]: change.currentTarget.value })}>
      <option value="" selected=${!value}>${all}</option>
      ${options.map(([key, text]) => html`<option key=${key} value=${key} selected=${String(key) === value}>${text}</option>`)}
    </select>
  </label>`;
}

/** A text that lives in the address. */
export function TextFilter({ name, value = "", label, hint, icon = null, tooShort = () => null }) {
  const timer = useRef(null);
  const input = useRef(null);
  const [said, setSaid] = useState(null);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    // Not while somebody types: the address follows the field, not the other way round.
    if (document.activeElement !== input.current) input.current.value = value;
  }, [value]);
  const onInput = (change) => {
    if (change.isComposing) return; // letters on their way to be characters
    const text = change.currentTarget.value.trim();
    const problem = tooShort(text);
    setSaid(problem);
    clearTimeout(timer.current);
    if (problem === null) timer.current = setTimeout(() => narrow({ [name]: text }), TYPING_MS);
  };
  return html`<label class="filter search">
    <span>${label}${said && html`<span class="hint" role="status">${said}</span>`}</span>
    <span class="search-field ${icon ? "" : "plain"}">${icon && html`<${Icon} name=${icon} />`}
      <input ref=${input} type="search" name=${name} defaultValue=${value} placeholder=${hint} aria-invalid=${said ? "true" : null}
        onInput=${onInput} onCompositionEnd=${onInput} />
    </span>
  </label>`;
}

const oneCharacter = (text) => ([...text].length === 1 ? t("filter.search.short") : null);

export const Search = ({ value }) =>
  html`<${TextFilter} name="q" value=${value} label=${t("filter.search")} hint=${t("filter.search.hint")} icon="search"
    tooShort=${oneCharacter} />`;

/** Something chosen elsewhere, on the map say, that can only be dropped here. */
export const Chosen = ({ label, children, onDrop }) =>
  html`<span class="filter chosen"><span>${label}</span>
    <span class="chip">${children}
      <button type="button" class="quiet" aria-label=${t("filter.drop", { name: label })} onClick=${onDrop}>${"×"}</button>
    </span></span>`;

export const DivisionFilter = ({ value }) => html`<div class="filter">
  <label for="division">${t("field.division")}</label>
  <${DivisionPicker} id="division" name="division" value=${value} empty=${t("filter.all")}
    onPick=${(division) => narrow({ division })} />
</div>`;

/** The filters that cameras have in common in the table and on the map. */
export function CameraFilters({ query, children }) {
  const codes = useCodes();
  const { tier, division, status, life, place_kind: placeKind, maker, q, near } = query;
  const rare = [life, placeKind, maker];
  const nothing = Object.fromEntries(FILTERS.map((name) => [name, null]));
  const anything = [tier, division, status, q, near, ...rare].some(Boolean);
  return html`<form class="filters" role="search" aria-label=${t("filter.cameras")} onSubmit=${(submit) => submit.preventDefault()}>
    <${Search} value=${q} />
    <${Choice} name="status" value=${status} label=${t("field.status")}
      options=${STATUSES.map((name) => [name, t(`status.${name}`)])} />
    <${Choice} name="tier" value=${tier} label=${t("field.tier")} options=${TIERS.map((name) => [name, t(`tier.${name}`)])} />
    <${DivisionFilter} value=${division} />
    <details class="more-filters" open=${rare.some(Boolean)}>
      <summary>${t("filter.more")}</summary>
      <div class="filters">
        <${Choice} name="life" value=${life} label=${t("field.life")} options=${LIVES.map((name) => [name, t(`life.${name}`)])} />
        <${Choice} name="place_kind" value=${placeKind} label=${t("field.place_kind")} options=${codes.options("place_kind")} />
        <${Choice} name="maker" value=${maker} label=${t("field.maker")} options=${codes.options("maker")} />
      </div>
    </details>
    ${children}
    ${anything && html`<button type="button" class="quiet clear" onClick=${() => narrow({ ...nothing, near: null })}>${t("filter.clear")}</button>`}
  </form>`;
}
