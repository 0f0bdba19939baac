// Lines over time, drawn by uPlot, which is loaded when a chart is first looked at.
import { useEffect, useRef, useState } from "../../vendor/preact-hooks.mjs";
import { html } from "../html.js";
import { useStore } from "../store.js";
import { isDark } from "../theme.js";
import { TIME_ZONE, formatTime } from "../times.js";
import { getLanguage, t } from "../words.js";

// In widths of the root's letters, which grow on a wall.
const HEIGHT_REM = 12.8;
const AXIS_REM = 5.4;
const SPACE_REM = 8.5;
const LETTER_REM = 0.86;
let loading = null;

function loadPlot() {
  loading ??= (async () => {
    const sheet = document.createElement("link");
    sheet.rel = "stylesheet";
    sheet.href = "/static/vendor/uplot.css";
    document.head.prepend(sheet); // ours come after it and win
    return (await import("../../vendor/uplot.mjs")).default;
  })();
  return loading;
}

const remPx = () => parseFloat(getComputedStyle(document.documentElement).fontSize);
const heightPx = () => Math.round(HEIGHT_REM * remPx());
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function settings(Plot, { series, bands, unit, range, width }) {
  const axis = { stroke: colour("muted"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 } };
  const { fontFamily } = getComputedStyle(document.documentElement);
  const font = `${Math.round(LETTER_REM * remPx())}px ${fontFamily}`;
  // Where nobody points at a time, the last one is told.
  const pointed = (plot, shown, place, index) => (index === null ? plot.data[place].at(-1) : shown);
  const value = (...of) => ((shown) => (shown === null || shown === undefined ? t("none") : unit(shown)))(pointed(...of));
  const time = (...of) => ((seconds) => (seconds === undefined ? t("none") : formatTime(seconds * 1000)))(pointed(...of));
  return {
    width,
    height: heightPx(),
    tzDate: (seconds) => Plot.tzDate(new Date(seconds * 1000), TIME_ZONE),
    cursor: { y: false, drag: { x: false, y: false } },
    scales: { y: { range } },
    axes: [
      { ...axis, font, space: SPACE_REM * remPx(), values: (_, splits) => splits.map((seconds) => formatTime(seconds * 1000, { short: true })) },
      { ...axis, font, size: AXIS_REM * remPx(), values: (_, splits) => splits.map((shown) => unit(shown)) },
    ],
    series: [
      { label: t("chart.time"), value: time },
      ...series.map(({ label, stroke, width: thick = 2, dash }) => ({ label, stroke: colour(stroke), width: thick, dash, value, points: { show: false } })),
    ],
    bands: bands?.map(({ of, fill }) => ({ series: of, fill: `color-mix(in srgb, ${colour(fill)} 22%, transparent)` })),
  };
}

/**
 * @param {{label: string, times: number[], series: {label: string, values: (number|null)[], stroke: string}[],
 *   bands?: {of: [number, number], fill: string}[], unit: (value: number) => string,
 *   range?: (plot: object, least: number, most: number) => [number, number]}} props
 *   label says in words what the chart shows; times are seconds; stroke and fill are colours' names
 */
export function Chart({ label, times, series, bands, unit, range }) {
  const place = useRef(null);
  const plot = useRef(null);
  const [failed, setFailed] = useState(false);
  const dark = useStore(isDark);
  const data = [times, ...series.map(({ values }) => values)];
  useEffect(() => {
    let gone = false;
    let observer = null;
    loadPlot().then((Plot) => {
      if (gone) return;
      plot.current = new Plot(settings(Plot, { series, bands, unit, range, width: place.current.clientWidth }), data, place.current);
      observer = new ResizeObserver(([entry]) => plot.current.setSize({ width: Math.floor(entry.contentRect.width), height: heightPx() }));
      observer.observe(place.current);
    }, () => setFailed(true));
    return () => {
      gone = true;
      observer?.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [dark, getLanguage()]);
  useEffect(() => {
    plot.current?.setData(data);
  }, [JSON.stringify(data)]);
  return html`<div class="chart" role="img" aria-label=${label} ref=${place}>${failed && html`<p class="muted">${t("chart.failed")}</p>`}</div>`;
}
