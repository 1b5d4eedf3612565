/** What a person has typed into a form, and the JSON body that it stands for. */
import { integer } from "./json.js";
import { isObject, plain, read } from "./schema.js";
import { fromLocal, toLocal } from "./times.js";

/** @typedef {import("./schema.js").Schema} Schema */
/** @typedef {any} Draft text, true/false as text, a list of drafts, or drafts by the names of members */

/**
 * An empty form.
 * @param {Schema} given
 * @returns {Draft}
 */
export function blank(given) {
  const { schema } = read(given);
  if (isObject(schema)) return Object.fromEntries(Object.entries(schema.properties).map(([name, member]) => [name, blank(member)]));
  if (schema.type === "array") return schema.minItems ? [blank(schema.items)] : [];
  return "";
}

/**
 * A form with what is there now, where the body has members of the same names.
 * @param {Schema} given
 * @param {any} value
 * @returns {Draft}
 */
export function draftOf(given, value) {
  const { schema } = read(given);
  if (value === undefined || value === null) return blank(schema);
  if (isObject(schema)) return Object.fromEntries(Object.entries(schema.properties).map(([name, member]) => [name, draftOf(member, value[name])]));
  if (schema.type === "array") return Array.isArray(value) ? value.map((one) => draftOf(schema.items, one)) : [];
  return schema.format === "date-time" ? toLocal(String(value)) : String(value);
}

/**
 * The JSON that a draft stands for; undefined leaves a member out.
 * @param {Schema} given
 * @param {Draft} draft
 * @returns {any}
 */
export function bodyOf(given, draft) {
  const { schema } = read(given);
  if (isObject(schema)) {
    const members = Object.entries(schema.properties).map(([name, member]) => [name, bodyOf(/** @type {Schema} */ (member), draft[name])]);
    return Object.fromEntries(members.filter(([name, value]) => value !== undefined && !(isEmpty(value) && !schema.required?.includes(name))));
  }
  if (schema.type === "array") return draft.map((/** @type {Draft} */ one) => bodyOf(schema.items, one));
  if (draft === "") return undefined;
  if (schema.type === "integer") return /^-?\d+$/.test(draft.trim()) ? integer(draft.trim()) : draft;
  if (schema.type === "number") return Number.isNaN(Number(draft)) ? draft : Number(draft);
  if (schema.type === "boolean") return draft === "true";
  if (schema.format === "date-time") return fromLocal(draft);
  return draft;
}

/** @param {any} value */
const isEmpty = (value) => value !== null && typeof value === "object" && !(value instanceof Date) && Object.keys(value).length === 0;

/**
 * Only the members that differ from what was there: what is left out stays as it is.
 * @param {Schema} given
 * @param {Draft} before
 * @param {Draft} now
 */
export function changesOf(given, before, now) {
  const { schema } = read(given);
  const changes = Object.entries(schema.properties).filter(([name]) => JSON.stringify(before[name]) !== JSON.stringify(now[name]));
  return Object.fromEntries(changes.map(([name, member]) => [name, bodyOf(/** @type {Schema} */ (member), now[name]) ?? emptied(/** @type {Schema} */ (member))]));
}

/** @param {Schema} member */
const emptied = (member) => (read(member).nullable ? null : plain(member).type === "string" ? "" : null);
