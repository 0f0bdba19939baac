import { useEffect, useRef } from "../../vendor/preact-hooks.mjs";
import { useDivisions } from "../divisions.js";
import { html } from "../html.js";
import { refine } from "../route.js";
import { t } from "../words.js";
import { Icon } from "./icons.js";
import { STATUSES, TIERS } from "./marks.js";

const TYPING_MS = 300;

// Another filter makes another list: a place in the old one means nothing in it.
const narrow = (changes) => refine({ ...changes, after: null });

/** A choice that lives in the address. options: [value, words] pairs. */
export function Choice({ name, value, label, options }) {
  return html`<label class="filter">
    <span>${label}</span>
    <select name=${name} onChange=${(change) => narrow({ [name]: change.currentTarget.value })}>
      <option value="" selected=${!value}>${t("filter.all")}</option>
      ${options.map(([key, text]) => html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`)}
    </select>
  </label>`;
}

export function Search({ value = "" }) {
  const timer = useRef(null);
  const input = useRef(null);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    // Not while somebody types: the address follows the field, not the other way round.
    if (document.activeElement !== input.current) input.current.value = value;
  }, [value]);
  const onInput = (change) => {
    const text = change.currentTarget.value.trim();
    clearTimeout(timer.current);
    timer.current = setTimeout(() => narrow({ q: text }), TYPING_MS);
  };
  return html`<label class="filter search">
    <span>${t("filter.search")}</span>
    <span class="search-field"><${Icon} name="search" />
      <input ref=${input} type="search" name="q" defaultValue=${value} placeholder=${t("filter.search.hint")} onInput=${onInput} />
    </span>
  </label>`;
}

/** The filters that cameras have in common in the table and on the map. */
export function CameraFilters({ query, children }) {
  const { districts, nameOf } = useDivisions();
  const { tier, division, status } = query;
  const places = districts.map((district) => district.division_code);
  // A link may name a street: it stays choosable while it is chosen.
  if (division && !places.includes(division)) places.unshift(division);
  return html`<form class="filters" role="search" aria-label=${t("filter.cameras")} onSubmit=${(submit) => submit.preventDefault()}>
    ${children}
    <${Choice} name="status" value=${status} label=${t("field.status")}
      options=${STATUSES.map((name) => [name, t(`status.${name}`)])} />
    <${Choice} name="tier" value=${tier} label=${t("field.tier")} options=${TIERS.map((name) => [name, t(`tier.${name}`)])} />
    <${Choice} name="division" value=${division} label=${t("field.division")}
      options=${places.map((code) => [code, nameOf(code)])} />
    ${(tier || division || status || query.q) &&
    html`<button type="button" class="quiet" onClick=${() => {
      narrow({ tier: null, division: null, status: null, q: null });
    }}>${t("filter.clear")}</button>`}
  </form>`;
}
