// On a phone: the pages for which the bar at the bottom has no room.
import { html } from "../html.js";
import { Icon } from "../parts/icons.js";
import { address } from "../route.js";
import { usefulPages } from "../session.js";
import { t } from "../words.js";

export const MorePage = () => html`<h1 class="only-read">${t("page.more")}</h1>
  <nav class="panel more-links" aria-label=${t("pages")}>
    ${usefulPages().map((name) => html`<a key=${name} href=${address(name)}><${Icon} name=${name} /><span>${t(`page.${name}`)}</span></a>`)}
  </nav>`;
