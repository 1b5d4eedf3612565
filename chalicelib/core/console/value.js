/** One value, shown as its schema says. */
import { html } from "./html.js";
import * as format from "./format.js";
import { href } from "./location.js";
import { linkOf, words } from "./model.js";
import { isObject, plain } from "./schema.js";

/** @typedef {import("./schema.js").Schema} Schema */

/**
 * @param {{model: import("./model.js").Model, name: string, schema: Schema, value: any, around?: any, link?: string | null, short?: boolean}} props
 * `around`: the object that has the member; `link`: where it leads, if that is known; `short`: in a table.
 */
export function Value({ model, name, schema, value, around = {}, link = null, short = false }) {
  if (value === null || value === undefined || value === "") return html`<span class="none" aria-label="none">–</span>`;
  if (isObject(schema) || (typeof value === "object" && !Array.isArray(value))) {
    return html`<${Named} model=${model} name=${name} schema=${schema} value=${value} short=${short} />`;
  }
  if (Array.isArray(value)) return html`${value.length} ${value.length === 1 ? "entry" : "entries"}`;
  const text = textOf(schema, value, around, short);
  const target = link ?? linkOf(model, name, schema, value);
  if (target) return html`<a href=${href(target)} title=${text === value ? undefined : value}>${text}</a>`;
  if (schema.format === "date-time") return html`<time datetime=${value} title=${value}>${text}</time>`;
  if (schema.enum) return html`<span class="tag">${text}</span>`;
  return html`${text}`;
}

/** An object that stands for another thing: its name, and the way there. @param {any} props */
function Named({ model, name, schema, value, short }) {
  const members = Object.entries(value);
  const id = members.find(([member, one]) => linkOf(model, member, plain(schema.properties?.[member]), one));
  const label = value.name ?? value.title ?? (id ? id[1] : null);
  if (id) {
    const target = linkOf(model, id[0], plain(schema.properties?.[id[0]]), id[1]);
    return html`<a href=${href(target ?? "/")}>${short ? format.shortId(String(label)) : label}</a>`;
  }
  if (label !== null) return html`${label}`;
  return html`<${Members} model=${model} schema=${schema} value=${value} />`;
}

/** The members of an object, one below the other. @param {{model: any, schema: Schema, value: any}} props */
export function Members({ model, schema, value }) {
  const names = Object.keys(value).filter((name) => value[name] !== undefined);
  return html`<dl class="members">
    ${names.map((name) => {
      const member = plain(schema.properties?.[name]);
      return html`<div><dt>${words(name)}</dt><dd><${Value} model=${model} name=${name} schema=${member} value=${value[name]} around=${value} /></dd></div>`;
    })}
  </dl>`;
}

/**
 * @param {Schema} schema
 * @param {any} value
 * @param {any} around
 * @param {boolean} short
 * @returns {string}
 */
export function textOf(schema, value, around, short) {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number" || typeof value === "bigint") {
    const code = around?.[schema["x-tributary-money"]];
    return code ? format.money(value, code) : format.number(value);
  }
  if (schema.format === "date-time") return format.time(value);
  if (schema.format === "date") return format.day(value);
  if (schema.enum) return words(value);
  return short ? format.shortId(String(value)) : String(value);
}

/** @param {Schema} schema */
export const isNumber = (schema) => schema.type === "integer" || schema.type === "number";
