// How complete the registry is, and how well key places are watched.
import { withQuery } from "../api.js";
import { useCodes } from "../codes.js";
import { useDivisions } from "../divisions.js";
import { html } from "../html.js";
import { CoverageLinks } from "../parts/coverage-links.js";
import { FieldLabel } from "../parts/field-value.js";
import { Figure, FigureBar } from "../parts/figure.js";
import { DivisionFilter } from "../parts/filters.js";
import { Empty, Shown } from "../parts/states.js";
import { useResource } from "../resource.js";
import { address } from "../route.js";
import { Time } from "../times.js";
import { formatNumber, t, word } from "../words.js";

const FILING = ["complete", "required_fields", "networked"];

function Headline({ name, figure }) {
  return html`<li class="panel headline-figure"><h3>${t(`figure.${name}`)}</h3><${Figure} figure=${figure} /><${FigureBar} figure=${figure} /></li>`;
}

/** rows: { key, name, query, cameras, figures: { name: figure } } */
function Table({ title, rows, columns }) {
  return html`<section class="panel" aria-label=${title}><h2>${title}</h2>
    <div class="table-frame"><table class="figures">
      <thead><tr><th scope="col">${t("field.of")}</th>${columns.map((name) => html`<th key=${name} scope="col">${t(`figure.${name}`)}</th>`)}</tr></thead>
      <tbody>${rows.map(
        ({ key, name, query, figures }) => html`<tr key=${key}>
          <th scope="row">${query ? html`<a href=${address("coverage", { query })}>${name}</a>` : name}</th>
          ${columns.map((column) => html`<td key=${column} data-label=${t(`figure.${column}`)}>${figures[column] && html`<${Figure} figure=${figures[column]} />`}</td>`)}
        </tr>`,
      )}</tbody>
    </table></div>
  </section>`;
}

/** Both reports by the same key, so that a tier or a division is one line. */
function joined(filings, coverages, nameOf, queryOf = () => null) {
  const keys = [...new Set([...Object.keys(filings), ...Object.keys(coverages)])];
  return keys.map((key) => ({
    key,
    name: nameOf(key),
    query: queryOf(key),
    figures: { ...filings[key], coverage: coverages[key] },
  }));
}

const ABOVE = "";
const byDivision = (rows, pick) => Object.fromEntries(rows.map((row) => [row.division_code ?? ABOVE, pick(row)]));

function Fields({ rows }) {
  return html`<section class="panel" aria-label=${t("coverage.by_field")}><h2>${t("coverage.by_field")}</h2>
    <ul class="field-figures">${rows.map(
      ({ field, required, filled }) => html`<li key=${field}>
        <span><${FieldLabel} name=${field} />${required && html` <span class="tag">${t("coverage.required")}</span>`}</span>
        <${Figure} figure=${filled} /><${FigureBar} figure=${filled} /></li>`,
    )}</ul>
  </section>`;
}

function Report({ filing, coverage, query }) {
  const divisions = useDivisions();
  const codes = useCodes();
  const divisionName = (code) => (code === ABOVE ? t("coverage.above") : divisions.nameOf(code));
  const into = (code) => (code !== ABOVE && divisions.childrenOf(code).length > 0 ? { ...query, division: code } : null);
  const columns = ["coverage", ...FILING];
  if (filing.total.cameras === 0 && coverage.total.total === 0) {
    return html`<section class="panel"><${Empty} icon="coverage"><strong>${t("coverage.empty")}</strong><p>${t("coverage.empty.help")}</p><//></section>`;
  }
  const kinds = Object.entries(coverage.by_kind).map(([kind, figure]) => ({
    key: kind,
    name: codes.label("place_kind", Number(kind)),
    figures: { coverage: figure },
  }));
  return html`
    <p class="list-head">${t("coverage.cameras", { count: filing.total.cameras })}${t("separator")}${t("overview.as_of")} <${Time} at=${filing.as_of} /></p>
    <ul class="headline-figures">
      <${Headline} name="coverage" figure=${coverage.total} />
      ${FILING.map((name) => html`<${Headline} key=${name} name=${name} figure=${filing.total[name]} />`)}
      <${Headline} name="positions" figure=${coverage.positions} />
    </ul>
    <${Table} title=${t("overview.by_tier")} columns=${columns} rows=${joined(filing.by_tier, coverage.by_tier, (tier) => word("tier", tier))} />
    <${Table} title=${t("coverage.by_division")} columns=${columns}
      rows=${joined(byDivision(filing.by_division, (row) => row), byDivision(coverage.by_division, (row) => row.coverage), divisionName, into)} />
    ${kinds.length > 0 && html`<${Table} title=${t("coverage.by_kind")} columns=${["coverage"]} rows=${kinds} />`}
    ${coverage.total.fulfilled > 0 &&
    html`<p class="muted">${t("coverage.judged_by")} ${Object.entries(coverage.judged_by).map(
      ([by, count], index) => html`${index > 0 && t("list.comma")}${word("judged_by", by)} ${formatNumber(count)}`,
    )}</p>`}
    <${Fields} rows=${filing.by_field} />`;
}

export function CoveragePage({ query }) {
  const { division } = query;
  const filing = useResource(withQuery("/completeness", { division }), []);
  const coverage = useResource(withQuery("/coverage", { division, gaps: 0 }), []);
  const unready = [filing, coverage].find(({ data }) => data === null);
  return html`<h1 class="only-read">${t("page.coverage")}</h1>
    <${CoverageLinks} at="figures" query=${query} />
    <form class="filters" onSubmit=${(submit) => submit.preventDefault()}><${DivisionFilter} value=${division} /></form>
    ${unready
      ? html`<section class="panel"><${Shown} resource=${unready} /></section>`
      : html`<${Report} filing=${filing.data} coverage=${coverage.data} query=${query} />`}`;
}
