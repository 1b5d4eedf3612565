/** Items as a table; on a narrow page each row is a card. */
import { html } from "./html.js";
import { words } from "./model.js";
import { isObject, memberAt, plain, valueAt } from "./schema.js";
import { Value, isNumber } from "./value.js";

/** @typedef {import("./schema.js").Schema} Schema */
/** @typedef {{path: string, label: string, schema: Schema}} Column */

const MOST_COLUMNS = 8;
/** Members that say little in a list, unless the service asks for them. */
export const QUIET = new Set(["version", "updated_at"]);

/**
 * Which members a table shows: those that the service names, or the plain ones.
 * @param {Schema} schema of an item
 * @param {string[]} [named]
 * @returns {Column[]}
 */
export function columnsOf(schema, named) {
  const codes = codesOf(schema);
  const paths = named ?? Object.keys(schema.properties ?? {}).filter((name) => !QUIET.has(name) && !codes.has(name) && isPlain(plain(schema.properties[name])));
  return paths.slice(0, named ? undefined : MOST_COLUMNS).map((path) => ({
    path,
    label: path.split(".").map((part, i) => (i ? part.replace(/_/g, " ") : words(part))).join(" "),
    schema: memberAt(schema, path),
  }));
}

/** The members that only say what amounts are in: these are shown with it. @param {Schema} schema */
export const codesOf = (schema) => new Set(Object.values(schema.properties ?? {}).map((member) => plain(member)["x-tributary-money"]).filter(Boolean));

/** @param {Schema} schema */
const isPlain = (schema) => schema.type !== "array" && (!isObject(schema) || "id" in schema.properties || "name" in schema.properties);

/**
 * @param {{model: any, columns: Column[], items: any[], caption: string, pageOf?: (item: any) => string | null,
 *   sort?: string, sorts?: string[], sortHref?: (sort: string) => string}} props
 */
export function Table({ model, columns, items, caption, pageOf = () => null, sort = "", sorts = [], sortHref }) {
  const shown = columns.filter((column) => items.some((item) => valueAt(item, column.path) !== undefined));
  return html`<div class="table" role="region" aria-label=${caption} tabindex="0"><table>
    <caption class="hidden">${caption}</caption>
    <thead><tr>${shown.map((column) => html`<${Head} column=${column} sort=${sort} sorts=${sorts} sortHref=${sortHref} />`)}</tr></thead>
    <tbody>${items.map((item) => html`<tr>${shown.map((column, i) => html`<${Cell} model=${model} column=${column} item=${item} first=${i === 0} page=${i === 0 ? pageOf(item) : null} />`)}</tr>`)}</tbody>
  </table></div>`;
}

/** @param {any} props */
function Head({ column, sort, sorts, sortHref }) {
  const name = column.path.split(".").pop();
  const ways = [name, `-${name}`].filter((way) => sorts.includes(way));
  const now = ways.includes(sort) ? (sort.startsWith("-") ? "descending" : "ascending") : undefined;
  const next = ways.find((way) => way !== sort) ?? ways[0];
  const classes = isNumber(column.schema) ? "number" : "";
  if (!ways.length || !sortHref) return html`<th scope="col" class=${classes}>${column.label}</th>`;
  return html`<th scope="col" class=${classes} aria-sort=${now}>
    <a class="sort" href=${sortHref(next)} aria-label=${`${column.label}, sort ${next.startsWith("-") ? "descending" : "ascending"}`}>${column.label}<span class="arrow" aria-hidden="true">${now && (now === "ascending" ? "↑" : "↓")}</span></a>
  </th>`;
}

/** @param {any} props */
function Cell({ model, column, item, first, page }) {
  const around = valueAt(item, column.path.split(".").slice(0, -1).join(".")) ?? item;
  const name = column.path.split(".").pop();
  const value = valueAt(item, column.path);
  const shown = html`<${Value} model=${model} name=${name} schema=${column.schema} value=${value} around=${column.path.includes(".") ? around : item} link=${page} short />`;
  const classes = `${isNumber(column.schema) ? "number" : ""} ${typeof value === "string" && value.length > 40 ? "long" : ""}`;
  return first
    ? html`<th scope="row" data-label=${column.label} class=${classes}>${shown}</th>`
    : html`<td data-label=${column.label} class=${classes}>${shown}</td>`;
}
