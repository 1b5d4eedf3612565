/** A list as a board: a column a value of one of its filters, a card an item. */
import { html } from "./html.js";
import { useAnswer } from "./load.js";
import { apiQuery } from "./list.js";
import { changed, href } from "./location.js";
import { pageOf, words } from "./model.js";
import { Failed, Loading } from "./states.js";
import { columnsOf } from "./table.js";
import { Value, isNumber } from "./value.js";
import { valueAt } from "./schema.js";

const CARDS = 20;

/** @param {any} props */
export function Board({ model, list, place }) {
  const by = list.display.board;
  const values = list.inQuery.find((/** @type {any} */ p) => p.name === by)?.schema.enum ?? [];
  const chosen = place.query.get(by);
  return html`<div class="board">${(chosen ? [chosen] : values).map((/** @type {string} */ value) => html`<${BoardColumn} key=${value} model=${model} list=${list} place=${place} by=${by} value=${value} />`)}</div>`;
}

/** @param {any} props */
function BoardColumn({ model, list, place, by, value }) {
  const query = apiQuery(place.query);
  query.set(by, value);
  query.set("limit", String(CARDS));
  const { data, problem, reload } = useAnswer(`${list.path}?${query}`, { every: 5 });
  const columns = columnsOf(list.answer, list.display.columns).filter((column) => column.path !== by);
  const count = data && `${data.items.length}${data.next ? "+" : ""}`;
  return html`<section aria-label=${words(value)}>
    <h2>${words(value)} <span class="count">${count}</span></h2>
    ${problem && html`<${Failed} problem=${problem} retry=${reload} />`}
    ${!data && !problem && html`<${Loading} />`}
    <ul>${data?.items.map((/** @type {any} */ item) => html`<li class="card"><${Card} model=${model} list=${list} item=${item} columns=${columns} /></li>`)}</ul>
    ${data?.next && html`<a class="quiet" href=${changed(place, { [by]: value, "~as": null })}>All of them</a>`}
  </section>`;
}

/** @param {any} props */
function Card({ model, list, item, columns }) {
  const page = pageOf(model, list, item);
  const [first, ...others] = columns;
  const bare = (/** @type {any} */ column) => isNumber(column.schema) && !column.schema["x-tributary-money"];
  const cell = (/** @type {any} */ column) =>
    html`${bare(column) && `${column.label} `}<${Value} model=${model} name=${column.path.split(".").pop()} schema=${column.schema} value=${valueAt(item, column.path)} around=${item} short />`;
  return html`<a class="card-title" href=${href(page ?? "/")}><${Value} model=${{ ...model, items: [] }} name=${first.path} schema=${first.schema} value=${valueAt(item, first.path)} around=${item} short /></a>
    <div class="card-line">${others.slice(0, 3).map((/** @type {any} */ column) => html`<span>${cell(column)}</span>`)}</div>`;
}
