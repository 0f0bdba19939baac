import { useDivisions } from "../divisions.js";
import { html } from "../html.js";
import { DeliveryStates, eventSummary, eventTitle } from "../parts/event-words.js";
import { Picture } from "../parts/picture.js";
import { CameraLink } from "../parts/camera-name.js";
import { STATUSES, SeverityMark, StatusMark } from "../parts/marks.js";
import { Base, Rate, ShareBar } from "../parts/share.js";
import { Empty, Shown } from "../parts/states.js";
import { useResource } from "../resource.js";
import { address } from "../route.js";
import { Time } from "../times.js";
import { formatNumber, t, word } from "../words.js";

const WRONG = ["offline", "degraded"];
const SHOWN_WRONG = 100;
const SHOWN_EVENTS = 6;

/** The figures of the whole city, each a link to the cameras behind it. */
function Headline({ total }) {
  return html`<section class="headline panel" aria-label=${t("overview.headline")}>
    <div class="headline-rate">
      <span class="figure"><${Rate} counts=${total} /></span>
      <span class="figure-name">${t("share.rate")}</span>
      <${Base} counts=${total} />
    </div>
    <${ShareBar} counts=${total} />
    <ul class="tiles">
      ${STATUSES.map(
        (status) =>
          html`<li key=${status}><a class="tile tile-${status} ${total[status] === 0 ? "none" : ""}"
            href=${address("cameras", { query: { status } })}>
            <span class="figure">${formatNumber(total[status])}</span><${StatusMark} status=${status} />
          </a></li>`,
      )}
    </ul>
  </section>`;
}

function Shares({ title, rows, filter, nameOf }) {
  return html`<section class="panel" aria-label=${title}>
    <h2>${title}</h2>
    <ul class="shares">
      ${rows.map((counts) => {
        const key = counts[filter.field];
        const query = { [filter.name]: key };
        return html`<li key=${key}>
          <a class="share-name" href=${address("cameras", { query })}>${nameOf(key)}</a>
          <${Rate} counts=${counts} />
          <${ShareBar} counts=${counts} />
          <${Base} counts=${counts} query=${query} />
        </li>`;
      })}
    </ul>
  </section>`;
}

const newestFirst = (a, b) => Date.parse(b.since ?? 0) - Date.parse(a.since ?? 0);

/** What is wrong now, since when and why: the first thing to see. */
function WrongNow({ lists, total, nameOf, districtOf }) {
  const cameras = lists.flatMap(({ data }) => [...(data?.cameras ?? [])].sort(newestFirst));
  const count = WRONG.reduce((sum, status) => sum + total[status], 0);
  const failed = lists.find(({ data, problem }) => problem && data === null);
  if (failed) return html`<${Shown} resource=${failed} />`;
  if (lists.some(({ loading }) => loading)) return html`<${Shown} resource=${lists.find(({ loading }) => loading)} />`;
  if (cameras.length === 0) {
    const known = total.measured - total.unknown;
    return html`<${Empty} icon=${known ? "tick" : "question"}><strong>${known ? t("overview.well", { count: known }) : t("overview.nothing_known")}</strong>
      ${total.unknown + total.not_measured > 0 &&
      html`<p class="muted">${t("overview.well.but", { count: total.unknown + total.not_measured })}</p>`}<//>`;
  }
  return html`
    <ul class="wrong">
      ${cameras.map(
        (camera) =>
          html`<li key=${camera.device_code} class="wrong-${camera.status}">
            <${StatusMark} status=${camera.status} />
            <span class="wrong-what">
              <${CameraLink} code=${camera.device_code} name=${camera.name} />
              <span class="muted">${nameOf(districtOf(camera.division_code))}${t("separator")}${word("tier", camera.tier)}</span>
            </span>
            <span class="wrong-why"><strong>${word("cause", camera.cause)}</strong>
              <span class="evidence" lang="en">${camera.evidence}</span></span>
            <span class="wrong-since"><${Time} at=${camera.since} since /></span>
          </li>`,
      )}
    </ul>
    ${cameras.length < count &&
    html`<p class="more">${t("overview.more", { shown: cameras.length, count })}
      ${WRONG.map((status) => html`${" "}<a key=${status} href=${address("cameras", { query: { status } })}>${t(`status.${status}`)}</a>`)}</p>`}
  `;
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

export function OverviewPage() {
  const status = useResource("/status", ["status", "camera"]);
  const wrong = WRONG.map((name) => useResource(`/cameras?status=${name}&limit=${SHOWN_WRONG}`, ["status", "camera"]));
  const events = useResource(`/events?limit=${SHOWN_EVENTS}`, ["event"]);
  const { nameOf, districtOf } = useDivisions();

  return html`<h1 class="only-read">${t("page.overview")}</h1>
    <${Shown} resource=${status}>${({ total, by_tier: tiers, by_division: districts, as_of: asOf }) =>
      total.registered === 0
        ? html`<${Empty} icon="cameras"><strong>${t("overview.no_cameras")}</strong><p>${t("overview.no_cameras.help")}</p><//>`
        : html`<div class="overview">
            <${Headline} total=${total} />
            <section class="panel wrong-panel" aria-label=${t("overview.wrong")}>
              <h2>${t("overview.wrong")}<span class="as-of muted">${t("overview.as_of")} <${Time} at=${asOf} /></span></h2>
              <${WrongNow} lists=${wrong} total=${total} nameOf=${nameOf} districtOf=${districtOf} />
            </section>
            <div class="overview-shares">
              <${Shares} title=${t("overview.by_tier")} rows=${tiers} filter=${{ field: "tier", name: "tier" }}
                nameOf=${(tier) => word("tier", tier)} />
              <${Shares} title=${t("overview.by_division")} rows=${districts}
                filter=${{ field: "division_code", name: "division" }} nameOf=${nameOf} />
            </div>
            <section class="panel latest-panel" aria-label=${t("overview.latest")}>
              <h2>${t("overview.latest")}<a href=${address("events")}>${t("overview.all_events")}</a></h2>
              <${Shown} resource=${events}>${({ events: latest }) =>
                latest.length === 0
                  ? html`<${Empty} icon="events">${t("events.empty")}<//>`
                  : html`<ul class="latest">${latest.map((event) => html`<${LatestEvent} key=${event.event_id} event=${event} />`)}</ul>`}<//>
            </section>
          </div>`}<//>`;
}
