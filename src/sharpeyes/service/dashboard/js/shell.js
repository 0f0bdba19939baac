// What stands around every page: where one is, whether the screen is alive, language, light, account.
import { html } from "./html.js";
import { live } from "./live.js";
import { Icon } from "./parts/icons.js";
import { address, route } from "./route.js";
import { may, session, signOut, usefulPages } from "./session.js";
import { useStore } from "./store.js";
import { THEMES, theme } from "./theme.js";
import { formatTime, useTick } from "./times.js";
import { LANGUAGES, formatDuration, getLanguage, t } from "./words.js";

// What a thumb can tell apart in a row, with "more" as the last.
const BOTTOM_MOST = 5;
const THEME_ICONS = { auto: "auto", light: "sun", dark: "moon" };

const Links = ({ names, page }) =>
  names.map(
    (name) =>
      html`<a key=${name} href=${address(name)} aria-current=${name === page ? "page" : null}>
        <${Icon} name=${name} /><span>${t(`page.${name}`)}</span>
      </a>`,
  );

/** When the service was last heard of. A stale screen must look stale. */
function LiveMark() {
  const { state, heardAt } = useStore(live);
  useTick(1000);
  const age = heardAt === null ? "" : formatDuration(Date.now() - heardAt);
  return html`<span class="live live-${state}" title=${t(`live.${state}.help`)}>
    <span class="live-dot" aria-hidden="true"></span>
    <span class="live-state">${t(`live.${state}`)}</span>
    ${heardAt !== null && html`<span class="live-age">${t("live.heard", { age })}</span>`}
  </span>`;
}

/** Across the page while the stream is lost. */
export function LostNote() {
  const { state, heardAt } = useStore(live);
  document.body.classList.toggle("stale", state === "lost");
  return html`<div class="lost-note" role="status" aria-live="assertive">
    ${state === "lost" &&
    html`<${Icon} name="unplugged" /><span>
      ${heardAt === null ? t("live.lost.never") : t("live.lost.since", { time: formatTime(heardAt) })}
    </span>`}
  </div>`;
}

export function LanguageChoice() {
  const { page, id, query } = useStore(route);
  return html`<span class="languages" role="group" aria-label=${t("language")}>
    ${LANGUAGES.map(
      (name) =>
        html`<a key=${name} href=${address(page, { id, query, language: name })} lang=${name}
          aria-current=${name === getLanguage() ? "true" : null}>${t(`language.${name}`)}</a>`,
    )}
  </span>`;
}

export function ThemeChoice() {
  const current = useStore(theme);
  const label = t("theme.now", { theme: t(`theme.${current}`) });
  const next = THEMES[(THEMES.indexOf(current) + 1) % THEMES.length];
  return html`<button type="button" class="quiet icon-button theme" title=${label} aria-label=${label}
    onClick=${() => theme.set(next)}><${Icon} name=${THEME_ICONS[current]} /></button>`;
}

function Account() {
  const { name, anonymous } = useStore(session);
  if (anonymous) return html`<a class="account" href=${address("sign-in")} title=${t("account.anonymous.help")}>${t("account.anonymous")}</a>`;
  return html`<span class="account"><span class="account-name">${name}</span>
    <button type="button" class="quiet icon-button" title=${t("account.sign_out")} aria-label=${t("account.sign_out")}
      onClick=${signOut}><${Icon} name="out" /></button></span>`;
}

export const TopBar = ({ page }) => html`<header class="top-bar">
  <a class="brand" href=${address(usefulPages()[0] ?? "overview")}><img src="/static/icon.svg" alt="" width="24" height="24" />
    <span>${t("product")}</span></a>
  <nav class="top-links" aria-label=${t("pages")}><${Links} names=${usefulPages()} page=${page} /></nav>
  ${may("cameras:read") && html`<${LiveMark} />`}<${LanguageChoice} /><${ThemeChoice} /><${Account} />
</header>`;

/** The same links within a thumb's reach; the style sheet shows one of the two. */
export function BottomBar({ page }) {
  const useful = usefulPages();
  const names = useful.length <= BOTTOM_MOST ? useful : [...useful.slice(0, BOTTOM_MOST - 1), "more"];
  return html`<nav class="bottom-bar" aria-label=${t("pages")}><${Links} names=${names} page=${page} /></nav>`;
}
