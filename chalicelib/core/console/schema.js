/** Reading JSON Schema as openapi.json has it. */

/** @typedef {Record<string, any>} Schema */
/** @typedef {{schema: Schema, nullable: boolean}} Read */

/** The document's shared schemas, by reference. @type {Record<string, Schema>} */
let shared = {};

/** @param {any} document */
export function useDocument(document) {
  shared = Object.fromEntries(
    Object.entries(document.components?.schemas ?? {}).map(([name, schema]) => [`#/components/schemas/${name}`, schema]),
  );
}

/**
 * A schema without references, and without the null that it may allow.
 * @param {Schema | undefined} given
 * @returns {Read}
 */
export function read(given) {
  let schema = given ?? {};
  while (schema.$ref) schema = { ...shared[schema.$ref], ...schema, $ref: shared[schema.$ref]?.$ref };
  const options = schema.anyOf ?? schema.oneOf;
  if (options) {
    const some = options.filter((/** @type {Schema} */ option) => option.type !== "null");
    const { anyOf, oneOf, ...around } = schema;
    const inner = read(some[0]);
    return { schema: { ...inner.schema, ...around }, nullable: some.length < options.length || inner.nullable };
  }
  if (Array.isArray(schema.type)) {
    const some = schema.type.filter((/** @type {string} */ type) => type !== "null");
    return { schema: { ...schema, type: some[0] }, nullable: some.length < schema.type.length };
  }
  if (schema.enum?.includes(null)) {
    return { schema: { ...schema, enum: schema.enum.filter((/** @type {any} */ v) => v !== null) }, nullable: true };
  }
  return { schema, nullable: false };
}

/** @param {Schema | undefined} schema */
export const plain = (schema) => read(schema).schema;

/** @param {Schema} schema */
export const isObject = (schema) => schema.type === "object" && !!schema.properties;

/**
 * The schema of a member by its path: "owner.name".
 * @param {Schema} schema
 * @param {string} path
 */
export const memberAt = (schema, path) =>
  path.split(".").reduce((inner, name) => plain(plain(inner).properties?.[name]), schema);

/**
 * The value of a member by its path.
 * @param {any} value
 * @param {string} path
 */
export const valueAt = (value, path) => path.split(".").reduce((inner, name) => inner?.[name], value);
