// The address holds everything that a colleague needs to see the same: language, page, filters.
//   #/zh/cameras?tier=city&status=offline
import { createStore } from "./store.js";
import { LANGUAGES, getLanguage, preferredLanguage } from "./words.js";

const PAGES = [
  "overview", "incidents", "map", "cameras", "events", "endpoints", "coverage", "imports", "audit", "accounts", "more", "sign-in",
];

function parse(hash) {
  const [path, search = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [language, page, ...rest] = path.split("/").map(decode);
  return {
    language: LANGUAGES.includes(language) ? language : preferredLanguage(),
    page: page || "overview",
    known: PAGES.includes(page || "overview"),
    id: rest.join("/") || null,
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray % in a pasted address is not worth a broken page
  }
}

let read = location.hash;
export const route = createStore(parse(read));

function follow() {
  read = location.hash;
  route.set(parse(read));
}
addEventListener("hashchange", follow);

/** The address of a page, in the language now shown unless another is named. */
export function address(page, { id = null, query = {}, language = getLanguage() } = {}) {
  const kept = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const search = new URLSearchParams(kept).toString();
  const path = ["#", language, page, ...(id === null ? [] : [encodeURIComponent(id)])].join("/");
  return search ? `${path}?${search}` : path;
}

export function go(page, options) {
  location.hash = address(page, options);
}

/** Change parts of the address's query without a new step in the browser's history. */
export function refine(changes) {
  // Somebody has just followed a link: this is no longer the page that wanted the change.
  if (location.hash !== read) return;
  const { page, id, query } = route.get();
  history.replaceState(null, "", address(page, { id, query: { ...query, ...changes } }));
  follow();
}
