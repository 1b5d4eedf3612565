/** What the console shows, read from openapi.json: lists, items and commands, and how they belong together. */
import { plain, useDocument } from "./schema.js";

/** @typedef {import("./schema.js").Schema} Schema */
/** @typedef {{name: string, schema: Schema, required: boolean, description: string}} Parameter */
/** @typedef {{columns?: string[], title?: string, chart?: {x: string, y: string, series?: string}, board?: string}} Display */
/**
 * @typedef {Object} Operation
 * @property {string} name "things.add"
 * @property {string} service
 * @property {string} method
 * @property {string} path
 * @property {string} label what a button or a page is called
 * @property {string} summary
 * @property {Record<string, string>} roles who may use it, and whether all or only their own
 * @property {Parameter[]} inPath
 * @property {Parameter[]} inQuery
 * @property {Schema | null} body
 * @property {boolean} bodyRequired
 * @property {Schema} answer of one item where it is a list
 * @property {boolean} isList
 * @property {Display} display
 */
/**
 * @typedef {Object} Model
 * @property {string} title
 * @property {Operation[]} operations
 * @property {Operation[]} lists that need no id
 * @property {Operation[]} items one thing, by its id
 * @property {Operation[]} commands
 */

/** @param {any} document @returns {Model} */
export function modelOf(document) {
  useDocument(document);
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => operationOf(path, method.toUpperCase(), described)),
  );
  const queries = operations.filter((operation) => operation.method === "GET");
  return {
    title: document.info.title,
    operations,
    lists: queries.filter((query) => query.isList && !query.inPath.length),
    items: queries.filter((query) => !query.isList && query.inPath.length === 1 && query.path.endsWith("}")),
    commands: operations.filter((operation) => operation.method !== "GET"),
  };
}

/**
 * @param {string} path
 * @param {string} method
 * @param {any} described
 * @returns {Operation}
 */
function operationOf(path, method, described) {
  const good = described.responses["200"] ?? described.responses["201"];
  const answer = plain(good?.content?.["application/json"]?.schema);
  const isList = method === "GET" && answer.properties?.items?.type === "array" && "next" in answer.properties;
  const parameters = (/** @type {string} */ place) =>
    described.parameters
      .filter((/** @type {any} */ parameter) => parameter.in === place)
      .map((/** @type {any} */ parameter) => ({
        name: parameter.name,
        schema: plain(parameter.schema),
        required: parameter.required,
        description: parameter.description ?? plain(parameter.schema).description ?? "",
      }));
  return {
    name: described.operationId,
    service: described.tags?.[0] ?? "",
    method,
    path,
    label: method === "GET" ? words(lastWord(path)) : words(described.operationId.split(".").pop() ?? ""),
    summary: described.summary ?? "",
    roles: described["x-tributary-roles"] ?? {},
    inPath: parameters("path"),
    inQuery: parameters("query"),
    body: described.requestBody?.content?.["application/json"]?.schema ?? null,
    bodyRequired: described.requestBody?.required ?? false,
    answer: isList ? plain(answer.properties.items.items) : answer,
    isList,
    display: described["x-tributary-display"] ?? {},
  };
}

/** @param {string} path */
const lastWord = (path) => path.split("/").filter((part) => part && !part.startsWith("{")).pop() ?? path;

/**
 * A name as people read it: "past-due" -> "Past due", "owner_id" -> "Owner ID".
 * @param {string} name
 */
export function words(name) {
  const text = name.replace(/[-_.]+/g, " ").trim().replace(/\b(id|url)\b/g, (word) => word.toUpperCase());
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * The query that a path leads to, and the values of its parameters; null if there is none.
 * @param {Model} model
 * @param {string} path
 */
export function queryAt(model, path) {
  const parts = path.split("/");
  const fitting = model.operations.filter((operation) => operation.method === "GET" && fits(operation.path, parts));
  // Literal parts come before parameters, as in the API.
  fitting.sort((a, b) => a.inPath.length - b.inPath.length);
  const [operation] = fitting;
  try {
    return operation ? { operation, values: valuesIn(operation.path, parts) } : null;
  } catch {
    return null; // an id that is no text: "/things/%"
  }
}

/** @param {string} pattern @param {string[]} parts */
function fits(pattern, parts) {
  const expected = pattern.split("/");
  return expected.length === parts.length && expected.every((part, i) => part === parts[i] || (part[0] === "{" && parts[i]));
}

/** @param {string} pattern @param {string[]} parts @returns {Record<string, string>} */
function valuesIn(pattern, parts) {
  const pairs = pattern.split("/").map((part, i) => (part[0] === "{" ? [part.slice(1, -1), decodeURIComponent(parts[i])] : []));
  return Object.fromEntries(pairs.filter((pair) => pair.length));
}

/**
 * A path with its parameters filled in.
 * @param {string} pattern
 * @param {Record<string, string>} values
 */
export const filled = (pattern, values) => pattern.replace(/{(\w+)}/g, (_, name) => encodeURIComponent(values[name] ?? ""));

/**
 * The id that a parameter takes: what its schema says, or the prefix that its pattern demands ("thi_").
 * @param {Schema} schema
 */
export function kindOf(schema) {
  const prefix = /^\^([A-Za-z]+[_#-])/.exec(schema.pattern ?? "");
  return { tag: schema["x-tributary-id"] ?? "", prefix: prefix?.[1] ?? "" };
}

/**
 * The page of the thing that a value names, or null: by the type of the id, by its prefix, or by the member's name.
 * @param {Model} model
 * @param {string} name of the member
 * @param {Schema} schema of the member
 * @param {any} value
 */
export function linkOf(model, name, schema, value) {
  if (typeof value !== "string" || !value) return null;
  const found = model.items.find((item) => {
    const [parameter] = item.inPath;
    const kind = kindOf(parameter.schema);
    if (kind.tag && schema["x-tributary-id"]) return kind.tag === schema["x-tributary-id"];
    if (kind.prefix) return value.startsWith(kind.prefix);
    return parameter.name !== "id" && parameter.name === name;
  });
  return found ? filled(found.path, { [found.inPath[0].name]: value }) : null;
}

/**
 * The page of an item of a list: that of the list itself with an id, or wherever its first id leads.
 * @param {Model} model
 * @param {Operation} list
 * @param {any} item
 */
export function pageOf(model, list, item) {
  const own = model.items.find((candidate) => candidate.path.replace(/\/{\w+}$/, "") === list.path);
  if (own) {
    const { name } = own.inPath[0];
    const id = item[name] ?? item.id;
    if (typeof id === "string") return filled(own.path, { [name]: id });
  }
  const [first] = Object.keys(list.answer.properties ?? {});
  return linkOf(model, first, plain(list.answer.properties?.[first]), item[first]);
}

/**
 * The commands on one thing: those below its path, and those of other services by the same kind of id.
 * @param {Model} model
 * @param {Operation} item
 */
export const commandsOn = (model, item) =>
  model.commands.filter((command) => command.inPath.length === 1 && (below(command, item) || sameId(command, item)));

/** @param {Operation} operation @param {Operation} item */
export const below = (operation, item) => operation.path === item.path || operation.path.startsWith(`${item.path}/`);

/** @param {Operation} command @param {Operation} item */
function sameId(command, item) {
  const [mine, its] = [command.inPath[0], item.inPath[0]];
  const [my, other] = [kindOf(mine.schema), kindOf(its.schema)];
  if (my.tag || other.tag) return my.tag === other.tag;
  if (my.prefix || other.prefix) return my.prefix === other.prefix;
  return mine.name !== "id" && mine.name === its.name;
}

/** The commands that need no id, of a list. @param {Model} model @param {Operation} list */
export const commandsOf = (model, list) => model.commands.filter((command) => command.path === list.path);

/** What else there is to see below one thing. @param {Model} model @param {Operation} item */
export const queriesBelow = (model, item) =>
  model.operations.filter((operation) => operation.method === "GET" && operation !== item && below(operation, item));

/** What other services have to tell of the same thing, by the same kind of id. @param {Model} model @param {Operation} item */
export const elsewhere = (model, item) =>
  model.operations.filter((operation) => operation.method === "GET" && operation.inPath.length === 1 && !operation.isList && !below(operation, item) && !model.items.includes(operation) && sameId(operation, item));

/** The command of a name. @param {Model} model @param {string | null} name */
export const commandNamed = (model, name) => model.commands.find((command) => command.name === name) ?? null;
