/** Numbers over time or over names, drawn by uPlot, which is fetched when the first chart is shown. */
import { html, useEffect, useRef, useState } from "./html.js";
import { money, number } from "./format.js";
import { memberAt, valueAt } from "./schema.js";
import { words } from "./model.js";

const HEIGHT = 180;
const HUES = ["--accent", "--second", "--third", "--muted"];

/** A line, or several: `times` in seconds, `lines` of numbers that fit them. */
/** @param {{times: number[], lines: {label: string, values: (number | null)[]}[], format?: (value: number) => string, label: string, dates?: boolean}} props */
export function LineChart({ times, lines, format = number, label, dates = false }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const chart = useRef(/** @type {any} */ (null));
  const [dark, setDark] = useState(matchMedia("(prefers-color-scheme: dark)").matches);
  const [turn, setTurn] = useState(0);
  const [missing, setMissing] = useState(false);
  const again = () => setTurn((n) => n + 1);
  useEffect(() => {
    const media = matchMedia("(prefers-color-scheme: dark)");
    const listener = () => setDark(media.matches);
    media.addEventListener("change", listener);
    return () => media.removeEventListener("change", listener);
  }, []);
  useEffect(() => {
    let gone = false;
    const observer = new ResizeObserver(() => chart.current?.setSize({ width: box.current?.clientWidth ?? 0, height: HEIGHT }));
    import("uplot").then(({ default: UPlot }) => {
      if (gone || !box.current) return;
      setMissing(false);
      chart.current?.destroy();
      chart.current = new UPlot(options(box.current, lines, format, dates), /** @type {any} */ ([times, ...lines.map((line) => line.values)]), box.current);
      observer.observe(box.current);
    }, () => gone || setMissing(true));
    return () => {
      gone = true;
      observer.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, [turn, dark, dates, lines.map((line) => line.label).join("\n")]);
  useEffect(() => {
    if (!missing) return;
    addEventListener("online", again);
    return () => removeEventListener("online", again);
  }, [missing]);
  useEffect(() => {
    chart.current?.setData([times, ...lines.map((line) => line.values)]);
  });
  return html`<figure class="chart">
    <figcaption>${label}${lines.length > 1 && lines.map((line, i) => html`<span class="key"><svg width="12" height="8" aria-hidden="true"><line class=${`series-${i % HUES.length}`} x1="0" x2="12" y1="4" y2="4" stroke-width="2" /></svg>${line.label}</span>`)}</figcaption>
    ${missing && html`<p class="muted" role="status">The chart cannot be drawn, because a part of this page cannot be reached. <button type="button" onClick=${again}>Try again</button></p>`}
    <div ref=${box} role="img" aria-label=${label}></div>
  </figure>`;
}

/** A colour by its name in the style sheet, as the canvas needs it: of the scheme that is shown. */
/** @param {HTMLElement} element @param {string} name */
function colourOf(element, name) {
  element.style.color = `var(${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = "";
  return color;
}

const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
const DATE = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const SECONDS = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit", second: "2-digit" });
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });

/** A tick of an axis of days; of others than whole days, nothing. @param {number} tick seconds */
const dayAt = (tick) => (tick % 86400 ? "" : DAY.format(tick * 1000));

/**
 * Ticks of an axis of times: the time of day, with seconds where ticks are closer than minutes, so that no two read the
 * same; of a midnight, the day that begins. @param {number[]} ticks seconds
 */
export function momentsAt(ticks) {
  const clock = ticks.some((tick) => tick % 60) ? SECONDS : CLOCK;
  return ticks.map((tick) => new Date(tick * 1000)).map((moment) => (moment.getHours() || moment.getMinutes() || moment.getSeconds() ? clock : DATE).format(moment));
}

/**
 * @param {HTMLElement} element
 * @param {{label: string}[]} lines
 * @param {(value: number) => string} format
 * @param {boolean} dates
 */
function options(element, lines, format, dates) {
  const colour = (/** @type {string} */ name) => colourOf(element, name);
  const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { points: { size: 7 }, drag: { x: false, y: false } },
    scales: { x: { time: true }, y: { range: (/** @type {any} */ _u, /** @type {number} */ _min, /** @type {number} */ max) => /** @type {[number, number]} */ ([0, max > 0 ? max * 1.1 : 1]) } },
    // A day has no time: it is the same everywhere.
    ...(dates ? { tzDate: (/** @type {number} */ at) => new Date((at + new Date(at * 1000).getTimezoneOffset() * 60) * 1000) } : {}),
    axes: [
      { ...axis, grid: { show: false }, size: 28, space: 80, values: (/** @type {any} */ _u, /** @type {number[]} */ ticks) => (dates ? ticks.map(dayAt) : momentsAt(ticks)) },
      { ...axis, size: 76, values: (/** @type {any} */ _u, /** @type {number[]} */ ticks) => ticks.map(format) },
    ],
    series: [{}, ...lines.map((line, i) => ({ label: line.label, stroke: colour(HUES[i % HUES.length]), width: 2, points: { size: 5, show: dates || undefined }, ...(i ? {} : { fill: colour("--wash") }) }))],
  };
}

/**
 * A list as a chart, as the service's hint says: over days and times as lines, over names as bars.
 * @param {{chart: {x: string, y: string, series?: string}, schema: any, items: any[], more: boolean}} props
 */
export function SeriesChart({ chart, schema, items, more }) {
  const dated = items.filter((item) => valueAt(item, chart.x) !== undefined);
  if (dated.length < 2) return null;
  const y = memberAt(schema, chart.y);
  const money_ = y["x-tributary-money"];
  const groups = Map.groupBy(dated, (item) => (chart.series ? String(valueAt(item, chart.series)) : words(chart.y)));
  const days = [...new Set(dated.map((item) => valueAt(item, chart.x)))].sort();
  const lines = [...groups].map(([label, group]) => {
    const values = new Map(group.map((item) => [valueAt(item, chart.x), Number(valueAt(item, chart.y))]));
    return { label, values: days.map((day) => values.get(day) ?? null) };
  });
  const code = money_ ? valueAt(dated[0], money_) : "";
  const format = (/** @type {number} */ value) => (code ? money(Math.round(value), code).replace(/[.,]00(?=\D*$)/, "") : number(value));
  const label = `${words(chart.y)} by ${words(chart.x).toLowerCase()}${more ? ", this page" : ""}`;
  const isDate = memberAt(schema, chart.x).format === "date";
  return html`<${LineChart} times=${days.map((day) => Date.parse(day) / 1000)} lines=${lines} format=${format} label=${label} dates=${isDate} />`;
}
