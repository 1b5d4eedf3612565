/** A list's filters, as its parameters say; what is chosen stands in the URL. */
import { html, useEffect, useState } from "./html.js";
import { changed, go } from "./location.js";
import { words } from "./model.js";
import { fromLocal, toLocal } from "./times.js";

/** @typedef {import("./model.js").Parameter} Parameter */

/** Parameters that are no filters: they have places of their own. */
const ELSEWHERE = new Set(["limit", "cursor", "sort", "q"]);
const FEW = 4;

/** @param {{list: import("./model.js").Operation, place: import("./location.js").Place}} props */
export function Filters({ list, place }) {
  const filters = list.inQuery.filter((parameter) => !ELSEWHERE.has(parameter.name));
  const search = list.inQuery.find((parameter) => parameter.name === "q");
  const sorts = list.inQuery.find((parameter) => parameter.name === "sort");
  const chosen = filters.filter((filter) => place.query.get(filter.name));
  const set = (/** @type {string} */ name, /** @type {string} */ value) => go(changed(place, { [name]: value, cursor: null }));
  if (!filters.length && !search && !sorts) return null;
  const few = filters.length <= FEW;
  const fields = filters.map((filter) => html`<${Filter} key=${filter.name} parameter=${filter} value=${place.query.get(filter.name) ?? ""} set=${set} />`);
  return html`<form class="filters" role="search" aria-label=${`Filter ${list.label}`} onSubmit=${(/** @type {Event} */ e) => e.preventDefault()}>
    ${search && html`<${Filter} parameter=${{ ...search, label: "Search" }} value=${place.query.get("q") ?? ""} set=${set} type="search" />`}
    ${few && fields}
    ${sorts?.schema.enum && html`<${Filter} parameter=${{ ...sorts, label: "Sort by" }} value=${place.query.get("sort") ?? sorts.schema.default ?? ""} set=${set} required labels=${sortLabel} />`}
    ${!few && html`<details class="more" open=${chosen.length > 0}><summary>Filters${chosen.length > 0 && html` <span class="count">${chosen.length}</span>`}</summary><div class="filters">${fields}</div></details>`}
    ${(chosen.length > 0 || place.query.get("q")) && html`<a class="quiet" href=${changed(place, Object.fromEntries([...filters.map((f) => [f.name, null]), ["q", null], ["cursor", null]]))}>Clear</a>`}
  </form>`;
}

/** @param {string} sort */
export const sortLabel = (sort) => `${words(sort.replace("-", ""))} ${sort.startsWith("-") ? "↓" : "↑"}`;

/** @param {any} props */
function Filter({ parameter, value, set, type = "text", required = false, labels = words }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const { name, schema } = parameter;
  const preset = schema.default !== undefined && type !== "search";
  const label = parameter.label ?? words(name);
  const choices = schema.enum ?? (schema.type === "boolean" ? ["true", "false"] : null);
  if (choices) {
    return html`<label class="filter"><span>${label}</span>
      <select value=${value || schema.default} onChange=${(/** @type {any} */ e) => set(name, e.target.value)}>
        ${!required && !preset && html`<option value="">Any</option>`}
        ${choices.map((/** @type {string} */ choice) => html`<option value=${choice} selected=${choice === (value || String(schema.default))}>${schema.type === "boolean" ? (choice === "true" ? "Yes" : "No") : labels(choice)}</option>`)}
      </select></label>`;
  }
  const timed = schema.format === "date-time";
  const kind = timed ? "datetime-local" : schema.format === "date" ? "date" : type;
  const send = () => set(name, timed && text ? fromLocal(toLocal(text)) : text.trim());
  return html`<label class=${type === "search" ? "filter search" : "filter"}><span>${label}</span>
    <input type=${kind} name=${name} value=${timed && text ? toLocal(text) : text} autocomplete="off" spellcheck=${false}
      inputmode=${schema.type === "integer" ? "numeric" : undefined} title=${parameter.description || undefined}
      onInput=${(/** @type {any} */ e) => setText(timed && e.target.value ? fromLocal(e.target.value) : e.target.value)}
      onKeyDown=${(/** @type {KeyboardEvent} */ e) => e.key === "Enter" && send()}
      onBlur=${() => text !== value && send()} /></label>`;
}
