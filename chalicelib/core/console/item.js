/** One thing: its members, what belongs to it, its history, and the commands on it. */
import { html } from "./html.js";
import { CommandButtons } from "./command.js";
import { useAnswer, useFollowUps } from "./load.js";
import { Listing } from "./list.js";
import { below, commandsOn, elsewhere, filled, queriesBelow, words } from "./model.js";
import { isObject, plain } from "./schema.js";
import { Failed, Loading } from "./states.js";
import { QUIET, Table, codesOf, columnsOf } from "./table.js";
import { Timeline, isTimeline } from "./timeline.js";
import { Members, Value, isNumber } from "./value.js";

/** @typedef {import("./model.js").Operation} Operation */

/** @param {{model: any, item: Operation, values: Record<string, string>, place: any, role: string}} props */
export function ItemPage({ model, item, values, place, role }) {
  const loaded = useAnswer(filled(item.path, values));
  const { data, headers, problem, reload } = loaded;
  const id = Object.values(values)[0] ?? "";
  useFollowUps(reload, data?.version);
  const title = data && !problem ? titleOf(item, data, id) : id || item.label;
  const context = { item, id: values, data, tag: headers?.get("ETag") ?? null, reload };
  return html`<header class="page-head">
      <div>
        <p class="kind">${kindName(item)}</p>
        <h1 tabindex="-1">${title}</h1>
        ${id && id !== title && html`<p class="id"><code>${id}</code></p>`}
      </div>
      ${data && !problem && html`<${CommandButtons} model=${model} commands=${commandsOn(model, item)} context=${context} />`}
    </header>
    ${problem ? html`<${Failed} problem=${problem} retry=${reload} />` : data ? html`<${Content} model=${model} item=${item} values=${values} place=${place} role=${role} data=${data} title=${title} id=${id} />` : html`<${Loading} />`}`;
}

/** What is below the heading. @param {any} props */
function Content({ model, item, values, place, role, data, title, id }) {
  const all = item.inPath.length ? [...queriesBelow(model, item), ...elsewhere(model, item).filter(isTimeline)] : [];
  const others = all.filter((query) => query.roles[role]);
  return html`<${Facts} model=${model} schema=${item.answer} value=${data} skip=${[title, id]} />
    <${Parts} model=${model} schema=${item.answer} value=${data} />
    ${others.map((query) => html`<${Below} key=${query.name} model=${model} query=${query} values=${sameValues(query, values)} title=${below(query, item) ? query.label : `${words(query.path.split("/")[1])} ${query.label.toLowerCase()}`} place=${place} version=${data.version} />`)}`;
}

/** The id, under the name that the query has for it. @param {Operation} query @param {Record<string, string>} values */
const sameValues = (query, values) => (query.inPath.length === 1 ? { [query.inPath[0].name]: Object.values(values)[0] } : values);

/** @param {Operation} item */
const kindName = (item) => {
  const word = words(item.path.split("/").filter((part) => part && !part.startsWith("{")).pop() ?? "");
  return item.inPath.length ? word.replace(/ies$/, "y").replace(/s$/, "") : word;
};

/** @param {Operation} item @param {any} data @param {string} id */
function titleOf(item, data, id) {
  const named = item.display.title ? data[item.display.title] : (data.name ?? data.title);
  return typeof named === "string" && named ? named : id || item.label;
}

/** The plain members, and the objects that stand for other things. @param {any} props */
function Facts({ model, schema, value, skip }) {
  const codes = codesOf(schema);
  const names = Object.keys(schema.properties ?? value).filter((name) => {
    const member = value[name];
    return member !== undefined && !Array.isArray(member) && !skip.includes(member) && !codes.has(name) && !isPart(plain(schema.properties?.[name]), member);
  });
  names.sort((a, b) => Number(QUIET.has(a)) - Number(QUIET.has(b)));
  return html`<dl class="facts">${names.map((name) => {
    const member = plain(schema.properties?.[name]);
    return html`<div><dt title=${member.description}>${words(name)}</dt><dd class=${isNumber(member) ? "figures" : ""}><${Value} model=${model} name=${name} schema=${member} value=${value[name]} around=${value} /></dd></div>`;
  })}</dl>`;
}

/** @param {any} schema @param {any} value */
const isPart = (schema, value) => value !== null && typeof value === "object" && !("id" in value) && !("name" in value) && isObject(schema);

/** Lists and objects within it, each under its own heading. @param {any} props */
function Parts({ model, schema, value }) {
  const names = Object.keys(value).filter((name) => Array.isArray(value[name]) ? value[name].length : isPart(plain(schema.properties?.[name]), value[name]));
  return names.map((name) => {
    const member = plain(schema.properties?.[name]);
    const one = plain(member.items);
    if (!Array.isArray(value[name])) return html`<section><h2>${words(name)}</h2><${Facts} model=${model} schema=${member} value=${value[name]} skip=${[]} /></section>`;
    if (!isObject(one)) return html`<section><h2>${words(name)}</h2><p>${value[name].join(", ")}</p></section>`;
    return html`<section><h2>${words(name)}</h2><${Table} model=${model} columns=${columnsOf(one)} items=${value[name].map((/** @type {any} */ part) => ({ ...inherited(one, value), ...part }))} caption=${words(name)} /></section>`;
  });
}

/**
 * What a part has in common with the whole and does not repeat: the code of its amounts.
 * @param {any} schema
 * @param {any} whole
 */
function inherited(schema, whole) {
  const codes = Object.values(schema.properties ?? {}).map((member) => plain(/** @type {any} */ (member))["x-tributary-money"]).filter(Boolean);
  return Object.fromEntries(codes.filter((code) => whole[code] !== undefined).map((code) => [code, whole[code]]));
}

/** @param {any} props */
function Below({ model, query, values, title, place, version }) {
  if (query.isList) return html`<section><h2>${title}</h2><${Listing} model=${model} list=${query} values=${values} place=${place} /></section>`;
  if (isTimeline(query)) return html`<section><h2>${title}</h2><${Timeline} model=${model} query=${query} values=${values} version=${version} /></section>`;
  return html`<section><h2>${title}</h2><${More} model=${model} query=${query} values=${values} /></section>`;
}

/** @param {any} props */
function More({ model, query, values }) {
  const { data, problem, reload } = useAnswer(filled(query.path, values));
  if (problem) return html`<${Failed} problem=${problem} retry=${reload} />`;
  return data ? html`<${Members} model=${model} schema=${query.answer} value=${data} />` : html`<${Loading} />`;
}
