/** A form's fields, drawn from a schema; faults stand beside the fields that they are about. */
import { html, useEffect, useId, useState } from "./html.js";
import { send } from "./api.js";
import { blank } from "./draft.js";
import { filled, kindOf, words } from "./model.js";
import { isObject, read } from "./schema.js";

/** @typedef {import("./schema.js").Schema} Schema */
/** @typedef {{pointer?: string, parameter?: string, detail: string}} Fault */

const LONG_TEXT = 300;
const SUGGESTIONS = 8;

/**
 * @param {{model: any, schema: Schema, draft: any, change: (draft: any) => void, faults: Fault[], pointer?: string}} props
 */
export function Fields({ model, schema, draft, change, faults, pointer = "" }) {
  return Object.entries(schema.properties ?? {}).map(
    ([name, member]) => html`<${Field} key=${name} model=${model} name=${name} given=${member} required=${schema.required?.includes(name) ?? false} draft=${draft[name]} change=${(/** @type {any} */ value) => change({ ...draft, [name]: value })} faults=${faults} pointer=${`${pointer}/${escaped(name)}`} />`,
  );
}

/** @param {string} name */
const escaped = (name) => name.replace(/~/g, "~0").replace(/\//g, "~1");

/** @param {any} props */
function Field({ model, name, given, required, draft, change, faults, pointer }) {
  const { schema } = read(given);
  if (schema.type === "array") return html`<${Several} model=${model} name=${name} schema=${schema} draft=${draft} change=${change} faults=${faults} pointer=${pointer} />`;
  if (isObject(schema)) return html`<fieldset><legend>${words(name)}</legend><${Fields} model=${model} schema=${schema} draft=${draft} change=${change} faults=${faults} pointer=${pointer} /></fieldset>`;
  return html`<${Single} model=${model} name=${name} schema=${schema} required=${required} draft=${draft} change=${change} faults=${faults} pointer=${pointer} />`;
}

/** @param {any} props */
function Single({ model, name, schema, required, draft, change, faults, pointer }) {
  const id = useId();
  const mine = faults.filter((/** @type {Fault} */ fault) => fault.pointer === pointer);
  const hint = schema.description ?? "";
  const common = {
    id, name: pointer, "data-pointer": pointer, value: draft, autocomplete: "off",
    "aria-required": required || undefined,
    "aria-invalid": mine.length > 0 || undefined,
    "aria-describedby": `${id}-hint ${id}-fault`,
    onInput: (/** @type {any} */ event) => change(event.target.value),
  };
  return html`<div class=${`field ${mine.length ? "faulty" : ""}`}>
    <label for=${id}>${words(name)}${!required && html` <span class="muted">optional</span>`}</label>
    <${Control} model=${model} name=${name} schema=${schema} common=${common} required=${required} />
    <p class="fault" id=${`${id}-fault`}>${mine.map((/** @type {Fault} */ fault) => html`<span>${sentence(fault.detail)}</span>`)}</p>
    <p class="hint" id=${`${id}-hint`}>${hint}</p>
  </div>`;
}

/** @param {string} text */
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** @param {any} props */
function Control({ model, name, schema, common, required }) {
  if (schema.enum || schema.type === "boolean") {
    const choices = schema.enum ?? ["true", "false"];
    return html`<select ...${common}>
      <option value="">${required ? "Choose" : "None"}</option>
      ${choices.map((/** @type {any} */ choice) => html`<option value=${String(choice)} selected=${String(choice) === common.value}>${schema.enum ? words(String(choice)) : choice === "true" ? "Yes" : "No"}</option>`)}
    </select>`;
  }
  if (schema.type === "integer" || schema.type === "number") return html`<input ...${common} inputmode="numeric" placeholder=${example(schema)} />`;
  if (schema.format === "date-time") return html`<input ...${common} type="datetime-local" step="1" />`;
  if (schema.format === "date") return html`<input ...${common} type="date" />`;
  if ((schema.maxLength ?? 0) > LONG_TEXT) return html`<textarea ...${common} rows="3"></textarea>`;
  const kind = targetOf(model, name, schema);
  if (kind) return html`<${Suggesting} model=${model} kind=${kind} common=${common} schema=${schema} />`;
  return html`<input ...${common} placeholder=${example(schema)} spellcheck=${false} />`;
}

/** @param {Schema} schema */
const example = (schema) => (schema.examples?.length ? `such as ${schema.examples[0]}` : undefined);

/** The list in which the thing that a field names can be found. @param {any} model @param {string} name @param {Schema} schema */
function targetOf(model, name, schema) {
  const mine = kindOf(schema);
  const item = model.items.find((/** @type {any} */ one) => {
    const its = kindOf(one.inPath[0].schema);
    if (mine.tag || its.tag) return mine.tag === its.tag;
    if (mine.prefix || its.prefix) return mine.prefix === its.prefix;
    return one.inPath[0].name !== "id" && one.inPath[0].name === name;
  });
  const list = item && model.lists.find((/** @type {any} */ one) => `${one.path}/{${item.inPath[0].name}}` === item.path);
  return list ? { list, parameter: item.inPath[0].name } : null;
}

/** A field for another thing's id: as one types, it shows what there is. @param {any} props */
function Suggesting({ kind, common, schema }) {
  const [found, setFound] = useState(/** @type {{id: string, label: string}[]} */ ([]));
  const searches = kind.list.inQuery.some((/** @type {any} */ parameter) => parameter.name === "q");
  useEffect(() => {
    const controller = new AbortController();
    const timer = setTimeout(() => {
      const text = common.value.trim();
      const query = new URLSearchParams({ limit: String(SUGGESTIONS), ...(searches && text && !found.some((one) => one.id === text) ? { q: text } : {}) });
      send("GET", `${filled(kind.list.path, {})}?${query}`, { signal: controller.signal }).then(
        (answer) => setFound(answer.data.items.map((/** @type {any} */ item) => ({ id: String(item[kind.parameter] ?? item.id), label: item.name ?? item.title ?? "" }))),
        () => {}, // no suggestions: the field is good without
      );
    }, 200);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [common.value]);
  return html`<input ...${common} list=${`${common.id}-list`} placeholder=${example(schema)} spellcheck=${false} />
    <datalist id=${`${common.id}-list`}>${found.map((one) => html`<option value=${one.id}>${one.label}</option>`)}</datalist>`;
}

/** @param {any} props */
function Several({ model, name, schema, draft, change, faults, pointer }) {
  const mine = faults.filter((/** @type {Fault} */ fault) => fault.pointer === pointer);
  const replaced = (/** @type {number} */ at, /** @type {any[]} */ ...by) => change([...draft.slice(0, at), ...by, ...draft.slice(at + 1)]);
  return html`<fieldset class="several">
    <legend>${words(name)}</legend>
    ${mine.map((/** @type {Fault} */ fault) => html`<p class="fault">${sentence(fault.detail)}</p>`)}
    ${draft.map((/** @type {any} */ one, /** @type {number} */ i) => html`<div class="one" role="group" aria-label=${`${words(name)} ${i + 1}`}>
      <${One} model=${model} name=${name} schema=${schema.items} draft=${one} change=${(/** @type {any} */ value) => replaced(i, value)} faults=${faults} pointer=${`${pointer}/${i}`} />
      <button type="button" class="quiet" aria-label=${`Remove ${words(name).toLowerCase()} ${i + 1}`} onClick=${() => replaced(i)}>Remove</button>
    </div>`)}
    <button type="button" class="quiet" onClick=${() => change([...draft, blank(schema.items)])}>Add another</button>
  </fieldset>`;
}

/** @param {any} props */
function One({ model, name, schema, draft, change, faults, pointer }) {
  const one = read(schema).schema;
  if (isObject(one)) return html`<${Fields} model=${model} schema=${one} draft=${draft} change=${change} faults=${faults} pointer=${pointer} />`;
  return html`<${Single} model=${model} name=${name} schema=${one} required draft=${draft} change=${change} faults=${faults} pointer=${pointer} />`;
}
