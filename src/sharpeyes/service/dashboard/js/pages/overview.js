import { withQuery } from "../api.js";
import { useDivisions } from "../divisions.js";
import { html } from "../html.js";
import { CASE_CHANGED, DeliveryStates, eventSummary, eventTitle } from "../parts/event-words.js";
import { Picture } from "../parts/picture.js";
import { CameraLink } from "../parts/camera-name.js";
import { STATUSES, SeverityMark, StatusMark } from "../parts/marks.js";
import { IncidentsDue } from "../parts/due.js";
import { Evidence } from "../parts/evidence.js";
import { LastHour } from "../parts/last-hour.js";
import { Base, IntactBase, OfFigure, ShareBar, SinceYesterday } from "../parts/share.js";
import { Empty, Shown } from "../parts/states.js";
import { Trend, useLastDay } from "../parts/trend.js";
import { useResource } from "../resource.js";
import { address } from "../route.js";
import { may } from "../session.js";
import { Time } from "../times.js";
import { formatNumber, t, word } from "../words.js";

const WRONG = ["offline", "degraded"];
const SHOWN_WRONG = 100;
const SHOWN_EVENTS = 6;

/** The figures of a division, each a link to the cameras behind it. */
function Headline({ total, division }) {
  const { by_status: counts } = total;
  return html`<section class="headline panel" aria-label=${t("overview.headline")}>
    <div class="headline-rate">
      <span class="figure"><${OfFigure} figure=${total.online} /></span><span class="figure-name">${t("share.rate")}</span>
      <${Base} rates=${total} query=${{ division }} />
    </div>
    <div class="headline-rate headline-intact">
      <span class="figure"><${OfFigure} figure=${total.intact} /></span><span class="figure-name">${t("share.intact")}</span>
      <${IntactBase} figure=${total.intact} />
    </div>
    <${ShareBar} counts=${counts} />
    <ul class="tiles">
      ${STATUSES.map((status) => {
        const count = counts[status] ?? 0;
        return html`<li key=${status}><a class="tile tile-${status} ${count === 0 ? "none" : ""}"
          href=${address("cameras", { query: { division, status } })}>
          <span class="figure">${formatNumber(count)}</span><${StatusMark} status=${status} />
        </a></li>`;
      })}
    </ul>
  </section>`;
}

/** Rates of the tiers or of the divisions right below: now, with their base, and over the last day. */
function Shares({ kind, title, rows, lastDay }) {
  return html`<section class="panel shares-${kind}" aria-label=${title}>
    <h2>${title}</h2>
    <ul class="shares">
      ${rows.map(({ key, name, rates, query, into }) => html`<li key=${key}>
        ${into ? html`<a class="share-name" href=${into}>${name}</a>` : html`<span class="share-name">${name}</span>`}
        <span class="share-rates"><span class="rate"><${OfFigure} figure=${rates.online} /></span>
          <${SinceYesterday} now=${rates.online} lastDay=${lastDay.get(key)} /></span>
        <${ShareBar} counts=${rates.by_status} />
        <span class="base"><${Base} rates=${rates} query=${query} />${t("separator")}${t("share.intact")} <${OfFigure} figure=${rates.intact} /></span>
      </li>`)}
    </ul>
  </section>`;
}

const newestFirst = (a, b) => Date.parse(b.since ?? 0) - Date.parse(a.since ?? 0);

/** Cameras that are wrong, for those who may not see incidents. */
function WrongCameras({ division, nameOf, children }) {
  const lists = WRONG.map((name) => useResource(withQuery("/cameras", { status: name, division, limit: SHOWN_WRONG }), ["status", "camera"]));
  const unready = lists.find(({ data }) => data === null);
  if (unready) return html`<${Shown} resource=${unready} />`;
  const cameras = lists.flatMap(({ data }) => [...data.cameras].sort(newestFirst));
  if (cameras.length === 0) return children;
  return html`<ul class="wrong">
    ${cameras.map(
      (camera) => html`<li key=${camera.device_code} class="wrong-${camera.status}">
        <${StatusMark} status=${camera.status} />
        <span class="wrong-what"><${CameraLink} code=${camera.device_code} name=${camera.name} />
          <span class="muted">${nameOf(camera.division_code)}${t("separator")}${word("tier", camera.tier)}</span></span>
        <span class="wrong-why"><strong>${word("cause", camera.cause)}</strong><${Evidence} text=${camera.evidence} /></span>
        <span class="wrong-who"><${Time} at=${camera.since} since /></span>
      </li>`,
    )}
  </ul>`;
}

/** Where no incident is open: all is well, or what is wrong without one is said. */
function NothingOpen({ total, division }) {
  const { by_status: counts, online } = total;
  const wrong = WRONG.filter((status) => counts[status] > 0);
  if (wrong.length > 0) {
    return html`<${Empty} icon="question"><strong>${t("overview.no_incident")}</strong>
      <p>${wrong.map((status) => html`<a key=${status} href=${address("cameras", { query: { division, status } })}><${StatusMark} status=${status} /> ${formatNumber(counts[status])}</a> `)}</p><//>`;
  }
  const rest = online.total - online.judged;
  return html`<${Empty} icon=${online.judged ? "tick" : "question"}><strong>${online.judged ? t("overview.well", { count: online.judged }) : t("overview.nothing_known")}</strong>
    ${rest > 0 && html`<p class="muted">${t("overview.well.but", { count: rest })}</p>`}<//>`;
}

const LatestEvent = ({ event }) => html`<li>
  <a class="latest-picture" href=${address("events", { id: event.event_id })} tabindex="-1" aria-hidden="true"><${Picture} event=${event} small /></a>
  <span class="latest-what">
    <span><${SeverityMark} severity=${event.severity} label=${false} />${" "}
      <a href=${address("events", { id: event.event_id })}><strong>${eventTitle(event)}</strong></a></span>
    <${CameraLink} code=${event.device_code} name=${event.camera_name} />
    <span class="muted">${eventSummary(event)}</span>
    <span class="latest-foot"><${Time} at=${event.occurred_at} /><${DeliveryStates} deliveries=${event.deliveries} /></span>
  </span>
</li>`;

function Latest() {
  const events = useResource(withQuery("/events", { without: CASE_CHANGED, limit: SHOWN_EVENTS }), ["event"]);
  return html`<section class="panel latest-panel" aria-label=${t("overview.latest")}>
    <h2>${t("overview.latest")}<a href=${address("events")}>${t("overview.all_events")}</a></h2>
    <${Shown} resource=${events}>${({ events: latest }) =>
      latest.length === 0
        ? html`<${Empty} icon="events">${t("events.empty")}<//>`
        : html`<ul class="latest">${latest.map((event) => html`<${LatestEvent} key=${event.event_id} event=${event} />`)}</ul>`}<//>
  </section>`;
}

/** From the city down to the division shown. */
function Path({ division, divisions }) {
  const steps = divisions.pathOf(division);
  return html`<nav class="crumbs" aria-label=${t("overview.path")}><a href=${address("overview")}>${t("incident.city")}</a>
    ${steps.map(({ division_code: code }) => html`<span key=${code}>${t("path.step")}${
      code === division ? html`<strong aria-current="page">${divisions.nameOf(code)}</strong>` : html`<a href=${address("overview", { query: { division: code } })}>${divisions.nameOf(code)}</a>`}</span>`)}
  </nav>`;
}

// By what the divisions right below one of a level are told apart.
const BELOW = { city: "district", district: "street", street: "community", community: "grid", grid: null };

function Figures({ summary, division, divisions }) {
  const { total, by_tier: tiers, by_division: below, as_of: asOf } = summary;
  const level = divisions.byCode.get(division)?.level ?? "city";
  // Single cameras are looked at for these: too many above a street.
  const tierDay = useLastDay(level === "city" || level === "district" || level === "street" ? "tier" : null, division);
  const divisionDay = useLastDay(BELOW[level], division);
  const { nameOf } = divisions;
  const ofTiers = tiers.map((rates) => ({ key: rates.tier, name: word("tier", rates.tier), rates, query: { division, tier: rates.tier },
    into: address("cameras", { query: { division, tier: rates.tier } }) }));
  const ofDivisions = below.map((rates) => {
    const { division_code: code } = rates;
    return { key: code, name: code === null ? t("coverage.above") : nameOf(code), rates, query: { division: code ?? division },
      into: code === null ? null : address("overview", { query: { division: code } }) };
  });
  const nothing = html`<${NothingOpen} total=${total} division=${division} />`;
  return html`<div class="overview">
    <${Headline} total=${total} division=${division} />
    <section class="panel wrong-panel" aria-label=${t("overview.wrong")}>
      <h2>${t("overview.wrong")}<span class="as-of muted">${t("overview.as_of")} <${Time} at=${asOf} /></span></h2>
      ${may("incidents:read")
        ? html`<${IncidentsDue} division=${division} nameOf=${nameOf}>${nothing}<//>`
        : html`<${WrongCameras} division=${division} nameOf=${nameOf}>${nothing}<//>`}
    </section>
    <div class="overview-shares">
      <${Trend} division=${division} />
      <${Shares} kind="tiers" title=${t("overview.by_tier")} rows=${ofTiers} lastDay=${tierDay} />
      ${BELOW[level] && ofDivisions.length > 0 && html`<${Shares} kind="below" title=${t(`overview.by.${BELOW[level]}`)} rows=${ofDivisions} lastDay=${divisionDay} />`}
    </div>
    <div class="overview-news">
      <${LastHour} summary=${summary} />
      ${!division && may("events:read") && html`<${Latest} />`}
    </div>
  </div>`;
}

export function OverviewPage({ query: { division } }) {
  const summary = useResource(withQuery("/health/summary", { division }), ["status", "camera"]);
  const divisions = useDivisions();
  return html`<h1 class="only-read">${t("page.overview")}</h1>
    ${division && html`<${Path} division=${division} divisions=${divisions} />`}
    <${Shown} resource=${summary}>${(data) =>
      data.total.online.total === 0
        ? html`<${Empty} icon="cameras"><strong>${t(division ? "overview.none_here" : "overview.no_cameras")}</strong>${!division && html`<p>${t("overview.no_cameras.help")}</p>`}<//>`
        : html`<${Figures} summary=${data} division=${division} divisions=${divisions} />`}<//>`;
}
