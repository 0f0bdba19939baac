import { html } from "../html.js";
import { address } from "../route.js";
import { t } from "../words.js";

// Which place in a list came before which; a place reached by a link has none, and goes to the start.
const before = new Map();

/**
 * Older and newer pages of a list; places are the API's cursors and live in the address.
 * `name` is the cursor's in the address: a page may have several lists.
 */
export function Pager({ page, query, id = null, next, name = "after" }) {
  const { [name]: after = "" } = query;
  const list = `${page}/${id}`;
  if (next !== null && next !== undefined) before.set(`${list}:${next}`, after);
  const at = (place) => address(page, { id, query: { ...query, [name]: place } });
  if (!after && !next) return null;
  return html`<nav class="pager" aria-label=${t("pager")}>
    ${after && html`<a class="button" href=${at(null)}>${t("pager.first")}</a>`}
    ${after && html`<a class="button" rel="prev" href=${at(before.get(`${list}:${after}`) ?? null)}>${t("pager.previous")}</a>`}
    ${next && html`<a class="button" rel="next" href=${at(next)}>${t("pager.next")}</a>`}
  </nav>`;
}
