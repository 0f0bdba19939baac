// Which module draws which page. A page is fetched when it is first opened, not before.
import { createStore } from "./store.js";

const LISTS = {
  overview: () => import("./pages/overview.js").then((its) => its.OverviewPage),
  incidents: () => import("./pages/incidents.js").then((its) => its.IncidentsPage),
  map: () => import("./pages/map.js").then((its) => its.MapPage),
  cameras: () => import("./pages/cameras.js").then((its) => its.CamerasPage),
  events: () => import("./pages/events.js").then((its) => its.EventsPage),
  endpoints: () => import("./pages/endpoints.js").then((its) => its.EndpointsPage),
  coverage: () => import("./pages/coverage.js").then((its) => its.CoveragePage),
  imports: () => import("./pages/imports.js").then((its) => its.ImportsPage),
  audit: () => import("./pages/audit.js").then((its) => its.AuditPage),
  accounts: () => import("./pages/accounts.js").then((its) => its.AccountsPage),
  more: () => import("./pages/more.js").then((its) => its.MorePage),
};
const SINGLES = {
  cameras: () => import("./pages/camera.js").then((its) => its.CameraPage),
  events: () => import("./pages/event.js").then((its) => its.EventPage),
  endpoints: () => import("./pages/endpoint.js").then((its) => its.EndpointPage),
  incidents: () => import("./pages/incident.js").then((its) => its.IncidentPage),
  imports: () => import("./pages/import.js").then((its) => its.ImportPage),
};
const COVERAGE = {
  places: () => import("./pages/places.js").then((its) => its.PlacesPage),
  duplicates: () => import("./pages/duplicates.js").then((its) => its.DuplicatesPage),
};

function loaderOf({ page, id }) {
  if (id === null) return LISTS[page];
  return page === "coverage" ? COVERAGE[id] : SINGLES[page];
}

/** By loader: the page's component, or null where it could not be fetched. */
export const loadedPages = createStore(new Map());

const loading = new Set();

function note(loader, component) {
  loading.delete(loader);
  loadedPages.set(new Map(loadedPages.get()).set(loader, component));
}

/** Fetch a page unless it is here or on its way; harmless for an unknown one. */
export function loadPage(place) {
  const loader = loaderOf(place);
  if (!loader || loading.has(loader) || loadedPages.get().get(loader)) return;
  loading.add(loader);
  loader().then(
    (component) => note(loader, component),
    () => note(loader, null),
  );
}

/** @returns {Function | null | undefined | false}  the component; null: it could not be fetched; undefined: not here yet; false: no such page */
export const pageOf = (place, loaded) => (loaderOf(place) ? loaded.get(loaderOf(place)) : false);
