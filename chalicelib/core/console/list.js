/** A list route as a page: filters, a table, and the way to the next page. */
import { html } from "./html.js";
import { Board } from "./board.js";
import { SeriesChart } from "./chart.js";
import { CommandButtons } from "./command.js";
import { Filters } from "./filters.js";
import { useAnswer } from "./load.js";
import { changed, href } from "./location.js";
import { commandsOf, filled, pageOf, words } from "./model.js";
import { Empty, Failed, Loading } from "./states.js";
import { Table, columnsOf } from "./table.js";

const SIZES = [25, 50, 100, 200];
const DEFAULT_SIZE = "50";

/** @param {{model: any, list: import("./model.js").Operation, values: Record<string, string>, place: import("./location.js").Place}} props */
export function ListPage({ model, list, values, place }) {
  const asBoard = list.display.board && place.query.get("~as") === "board";
  return html`<header class="page-head">
      <div><h1 tabindex="-1">${list.label}</h1><p class="muted">${list.summary}</p></div>
      <${CommandButtons} model=${model} commands=${commandsOf(model, list)} />
    </header>
    ${list.display.board && html`<nav class="tabs" aria-label="View">
      <a href=${changed(place, { "~as": null })} aria-current=${!asBoard}>Table</a>
      <a href=${changed(place, { "~as": "board", cursor: null })} aria-current=${!!asBoard}>Board</a></nav>`}
    <${Filters} list=${list} place=${place} />
    ${asBoard ? html`<${Board} model=${model} list=${list} place=${place} />` : html`<${Listing} model=${model} list=${list} values=${values} place=${place} />`}`;
}

/** @param {URLSearchParams} query The API's own parameters, without those of the page. */
export function apiQuery(query) {
  const kept = [...query].filter(([name]) => !name.startsWith("~"));
  return new URLSearchParams(kept);
}

/**
 * @param {{model: any, list: import("./model.js").Operation, values: Record<string, string>, place: import("./location.js").Place}} props
 */
export function Listing({ model, list, values, place }) {
  const query = apiQuery(place.query);
  if (!query.has("limit")) query.set("limit", DEFAULT_SIZE);
  const { data, problem, loading, reload } = useAnswer(`${filled(list.path, values)}?${query}`);
  if (problem) return html`<${Failed} problem=${problem} retry=${reload} />`;
  if (!data) return html`<${Loading} />`;
  if (!data.items.length) return html`<${Nothing} list=${list} place=${place} />`;
  const sorts = list.inQuery.find((parameter) => parameter.name === "sort")?.schema;
  return html`<div aria-busy=${loading}>
    ${list.display.chart && html`<${SeriesChart} chart=${list.display.chart} schema=${list.answer} items=${data.items} more=${!!data.next} />`}
    <${Table} model=${model} columns=${columnsOf(list.answer, list.display.columns)} items=${data.items} caption=${list.label}
      pageOf=${(/** @type {any} */ item) => pageOf(model, list, item)} sort=${place.query.get("sort") ?? sorts?.default ?? ""}
      sorts=${sorts?.enum ?? []} sortHref=${(/** @type {string} */ sort) => changed(place, { sort, cursor: null })} />
    <${Pages} next=${data.next} place=${place} />
  </div>`;
}

/** @param {any} props */
function Nothing({ list, place }) {
  const narrowed = [...apiQuery(place.query)].some(([name]) => !["limit", "sort"].includes(name));
  const ranges = list.inQuery.flatMap((/** @type {any} */ one) => /Default: ([^.]+)/.exec(one.description)?.[1] ? [`${words(one.name)}: ${/Default: ([^.]+)/.exec(one.description)?.[1]}.`] : []);
  if (!narrowed && ranges.length) return html`<${Empty} title="Nothing in this range">The filters that are not set have defaults. ${ranges.join(" ")}<//>`;
  if (!narrowed) return html`<${Empty} title="Nothing here yet">What is added appears here within moments.<//>`;
  return html`<${Empty} title="Nothing matches">No entry fits these filters. <a href=${href(place.path)}>Show all</a><//>`;
}

/** @param {any} props */
function Pages({ next, place }) {
  const size = place.query.get("limit") ?? DEFAULT_SIZE;
  const cursor = next && new URLSearchParams(next.split("?")[1]).get("cursor");
  return html`<nav class="pages" aria-label="Pages">
    <span>${[...new Set([...SIZES, Number(size)])].sort((a, b) => a - b).map((one) => html`<a href=${changed(place, { limit: String(one), cursor: null })} aria-current=${String(one) === size} aria-label=${`${one} a page`}>${one}</a>`)}<span class="muted">a page</span></span>
    <span>
      ${place.query.get("cursor") && html`<a href=${changed(place, { cursor: null })}>First page</a>`}
      ${cursor ? html`<a class="button" rel="next" href=${changed(place, { cursor })}>Next page</a>` : html`<span class="muted">End of the list</span>`}
    </span>
  </nav>`;
}
