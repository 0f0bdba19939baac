import { html } from "../html.js";
import { address } from "../route.js";
import { t } from "../words.js";
import { MonthReport } from "./month-report.js";

const PARTS = ["figures", "places", "duplicates"];

/** The three views of how good the registry is, and the report of the month; the division goes along. */
export const CoverageLinks = ({ at, query: { division } }) => html`<nav class="sub-links" aria-label=${t("page.coverage")}>
  ${PARTS.map(
    (name) => html`<a key=${name} aria-current=${name === at ? "page" : null}
      href=${address("coverage", { id: name === "figures" ? null : name, query: { division } })}>${t(`coverage.${name}`)}</a>`,
  )}
  <${MonthReport} division=${division} months=${1} />
</nav>`;
