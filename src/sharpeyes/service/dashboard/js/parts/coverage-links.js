import { withQuery } from "../api.js";
import { html } from "../html.js";
import { address } from "../route.js";
import { getLanguage, t } from "../words.js";

const PARTS = ["figures", "places", "duplicates"];

/** The report of the month that is over. */
function reportAddress(division) {
  const day = new Date();
  day.setDate(0);
  const month = `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, "0")}`;
  return withQuery("/api/v1/health/report", { month, division, lang: getLanguage() });
}

/** The three views of how good the registry is, and the report of the month; the division goes along. */
export const CoverageLinks = ({ at, query: { division } }) => html`<nav class="sub-links" aria-label=${t("page.coverage")}>
  ${PARTS.map(
    (name) => html`<a key=${name} aria-current=${name === at ? "page" : null}
      href=${address("coverage", { id: name === "figures" ? null : name, query: { division } })}>${t(`coverage.${name}`)}</a>`,
  )}
  <a href=${reportAddress(division)} target="_blank" rel="noopener">${t("coverage.report")}</a>
</nav>`;
