import { useEffect, useRef } from "../vendor/preact-hooks.mjs";
import { UNREACHED } from "./api.js";
import { html } from "./html.js";
import { listen } from "./live.js";
import { loadPage, loadedPages, pageOf } from "./pages.js";
import { SignInPage } from "./pages/sign-in.js";
import { Empty, Loading, Problem } from "./parts/states.js";
import { forgetReferences } from "./reference.js";
import { forgetAnswers } from "./resource.js";
import { go, route } from "./route.js";
import { askSession, may, mayOpen, session, usefulPages } from "./session.js";
import { BottomBar, LostNote, TopBar } from "./shell.js";
import { useStore } from "./store.js";
import { TIME_ZONE } from "./times.js";
import { setLanguage, t } from "./words.js";

const ASK_AGAIN_MS = 3000;

function Page({ language, page, known, id, query }) {
  const loaded = useStore(loadedPages);
  const Shown = known ? pageOf({ page, id }, loaded) : false;
  const allowed = mayOpen(page);
  useEffect(() => {
    if (allowed) loadPage({ page, id });
  }, [page, id, allowed]);
  if (Shown === false) return html`<${Empty} icon="question">${t("page.unknown")}<//>`;
  if (!allowed) return html`<${Problem} problem=${{ kind: "forbidden" }} />`;
  if (Shown === undefined) return html`<${Loading} />`;
  // A browser never asks again for a module that it could not fetch.
  if (Shown === null) return html`<${Problem} problem=${UNREACHED} again=${() => location.reload()} />`;
  return html`<${Shown} key=${[language, page, id].join()} id=${id} query=${query} />`;
}

/** Everything a signed-in person sees; the stream of hints lives as long as this does. */
function SignedIn({ current, version }) {
  const main = useRef(null);
  const place = `${current.page}/${current.id}`;
  // The first page is not everybody's: an auditor's is another one.
  useEffect(() => {
    const [first] = usefulPages();
    if (current.page === "overview" && !mayOpen("overview") && first) go(first);
  }, [current.page]);
  const shown = useRef(place);
  // Who may not look at cameras is sent no hints of them.
  useEffect(() => (may("cameras:read") ? listen() : undefined), []);
  useEffect(() => {
    // Another page, as for a loaded document: at its top, with the reading place in it.
    if (shown.current === place) return;
    shown.current = place;
    main.current.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [place]);
  return html`
    <a class="skip" href="#main" onClick=${(click) => {
      click.preventDefault(); // the address's hash is the page
      main.current.focus();
    }}>${t("skip")}</a>
    <${TopBar} page=${current.page} />
    <${LostNote} />
    <main ref=${main} id="main" tabindex="-1" class="page-${current.page}"><${Page} ...${current} /></main>
    <footer><span>${t("product")} ${version}</span><span>${t("footer.times", { zone: TIME_ZONE })}</span></footer>
    <${BottomBar} page=${current.page} />
  `;
}

export function App() {
  const current = useStore(route);
  const { state, problem, version } = useStore(session);
  setLanguage(current.language); // before anything below asks for a word
  localStorage.setItem("language", current.language);

  useEffect(() => {
    if (state === "out") {
      forgetAnswers();
      forgetReferences();
    }
    if (state !== "unreachable") return undefined;
    const timer = setInterval(askSession, ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [state]);
  useEffect(() => {
    const title = current.known && state === "in" ? `${t(`page.${current.page}`)} · ` : "";
    document.title = title + t("product");
  }, [current.language, current.page, current.known, state]);

  if (state === "asking") return html`<main class="alone"><${Loading} /></main>`;
  if (state === "unreachable") {
    return html`<main class="alone"><${Problem} problem=${problem} again=${askSession} /></main>`;
  }
  if (state === "out" || current.page === "sign-in") return html`<${SignInPage} signedIn=${state === "in"} />`;
  return html`<${SignedIn} current=${current} version=${version} />`;
}
