/** The history of a thing, newest first: the journeys of its commands, and their steps. */
import { html, useState } from "./html.js";
import * as format from "./format.js";
import { useAnswer, useFollowUps } from "./load.js";
import { href } from "./location.js";
import { filled, linkOf, words } from "./model.js";
import { plain } from "./schema.js";
import { useSent } from "./sent.js";
import { Failed, Loading } from "./states.js";

/** @typedef {import("./sent.js").Sent} Sent */

/** @param {import("./model.js").Operation} query */
export function isTimeline(query) {
  const entry = plain(plain(query.answer.properties?.entries).items).properties ?? {};
  return ["service", "id", "version", "at", "command", "events"].every((name) => name in entry);
}

/** @param {any} props `version`: of the thing; a newer one has a longer history. */
export function Timeline({ model, query, values, version }) {
  const path = filled(query.path, values);
  return html`<${Page} key=${path} model=${model} path=${path} query="" version=${version} id=${Object.values(values)[0]} />`;
}

/** A page of the history, and below it the page before. @param {any} props */
function Page({ model, path, query, version, id }) {
  const { data, problem, reload } = useAnswer(path + query);
  const [more, setMore] = useState(false);
  const sent = useSent(id);
  useFollowUps(reload, version);
  if (problem) return html`<${Failed} problem=${problem} retry=${reload} />`;
  if (!data) return html`<${Loading} />`;
  const newest = Math.max(0, ...data.entries.filter((/** @type {any} */ entry) => entry.id === id).map((/** @type {any} */ entry) => entry.version));
  const waiting = query ? [] : sent.filter((one) => one.version > newest);
  const before = data.next && `?${data.next.split("?")[1]}`;
  return html`${data.incomplete && html`<p class="note">Some versions are missing here: the stream has not delivered them yet, or has lost them.</p>`}
    <ol class="timeline">
      ${waiting.map((one) => html`<${Waiting} key=${one.correlation} sent=${one} />`)}
      ${journeysOf(data.entries).reverse().map((journey) => html`<${Journey} key=${keyOf(journey[0])} model=${model} entries=${journey} id=${id} />`)}
    </ol>
    ${before && !more && html`<p class="earlier"><button type="button" onClick=${() => setMore(true)}>Earlier versions</button></p>`}
    ${before && more && html`<${Page} model=${model} path=${path} query=${before} version=${0} id=${id} />`}`;
}

/** @param {any} entry */
const keyOf = (entry) => entry.correlation_id || `${entry.service} ${entry.id} ${entry.version}`;

/**
 * The entries, those together that one request led to.
 * @param {any[]} entries
 * @returns {any[][]}
 */
export function journeysOf(entries) {
  const groups = new Map();
  for (const entry of entries) groups.set(keyOf(entry), [...(groups.get(keyOf(entry)) ?? []), entry]);
  return [...groups.values()];
}

/** A command that was accepted and that queries do not show yet. @param {{sent: Sent}} props */
function Waiting({ sent }) {
  return html`<li class="journey" role="status"><p class="journey-head"><strong>${title(sent.command)}</strong></p>
    <p class="muted"><span class="pulse" aria-hidden="true"></span>Written as version ${sent.version} after ${format.number(Math.round(sent.ms))} ms. Queries do not show it yet.</p></li>`;
}

/** @param {string} command "things.add" */
const title = (command) => words(command.split(".").pop() ?? command);

/** What one request led to, a bar a step: from when a command was accepted and written until queries showed it. @param {any} props */
function Journey({ model, entries, id }) {
  const [first] = entries;
  const accepted = arrivalOf(first.correlation_id, Date.parse(first.at));
  const times = [accepted, ...entries.flatMap((/** @type {any} */ entry) => [entry.at, entry.applied_at].filter(Boolean).map(Date.parse))];
  const [begin, end] = [Math.min(...times), Math.max(...times)];
  const drawn = entries.every((/** @type {any} */ entry) => entry.applied_at) && end > begin;
  return html`<li class="journey">
    <p class="journey-head"><strong>${title(first.command)}</strong>
      <time class="muted" datetime=${first.at} title=${first.at}>${format.exactTime(first.at)}</time>
      ${first.actor && html`<span class="muted">by ${first.actor}</span>`}
      ${drawn && html`<span class="journey-end">${format.milliseconds(end - begin)} until all of it was visible</span>`}</p>
    ${stepsOf(entries, id).map((step) => html`<${Step} key=${keyOf(step[0]) + step[0].service + step[0].command + step[0].at} model=${model} entries=${step} id=${id} begin=${begin} whole=${drawn ? end - begin : 0} accepted=${step[0].at === first.at ? accepted - begin : null} />`)}
  </li>`;
}

/**
 * The steps of a journey: what one command wrote at once, the thing itself first.
 * @param {any[]} entries
 * @param {string} id of the thing
 * @returns {any[][]}
 */
function stepsOf(entries, id) {
  const steps = Map.groupBy(entries, (entry) => `${entry.service} ${entry.command} ${entry.at}`);
  return [...steps.values()].map((step) => step.sort((a, b) => Number(b.id === id) - Number(a.id === id)));
}

/** What a command did, to one thing or to several at once. @param {any} props */
function Step({ model, entries, id, begin, whole, accepted }) {
  const [first, ...others] = entries;
  const written = Date.parse(first.at) - begin;
  const visible = Math.max(...entries.map((/** @type {any} */ entry) => Date.parse(entry.applied_at))) - begin;
  return html`<div class="step">
    <div><${Written} model=${model} entry=${first} id=${id} what=${title(first.command)} />
      ${others.length > 0 && html`<details class="muted"><summary>and ${others.length} more of ${first.service}</summary>${others.map((/** @type {any} */ entry) => html`<${Written} model=${model} entry=${entry} id=${id} />`)}</details>`}</div>
    ${whole > 0 && html`<${Bar} accepted=${accepted} written=${written} visible=${visible} whole=${whole} />
      <span class="ms">${format.milliseconds(Math.max(0, visible - written))}</span>`}
  </div>`;
}

/** One version that was written, and its events. @param {any} props */
function Written({ model, entry, id, what = "" }) {
  const link = entry.id === id ? null : linkOf(model, "", {}, entry.id);
  const name = link ? html`<a href=${href(link)}>${format.shortId(entry.id)}</a>` : format.shortId(entry.id);
  return html`<div class="step-what">${what && html`<span>${what}</span>`} <span class="muted">${entry.service}${entry.id !== id && html` ${name}`}, version ${entry.version}</span>
    ${entry.events.map((/** @type {any} */ event) => html`<${Event} event=${event} />`)}</div>`;
}

/** @param {any} props */
function Event({ event }) {
  const data = JSON.stringify(event.data, (_, value) => (typeof value === "bigint" ? String(value) : value), 2);
  return html`<details><summary>${words(event.type.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase())}</summary><pre>${data}</pre></details>`;
}

/**
 * From when a commit was written until queries showed it, and before that from when its request was accepted.
 * @param {{accepted: number | null, written: number, visible: number, whole: number}} props milliseconds
 */
function Bar({ accepted, written, visible, whole }) {
  const at = (/** @type {number} */ ms) => (ms / whole) * 1000;
  const said = `${accepted === null ? "" : `accepted at ${accepted} ms, `}written at ${written} ms, visible at ${visible} ms`;
  return html`<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label=${said}><title>${said}</title>
    <rect class="track" width="1000" height="10" />
    ${accepted !== null && html`<rect class="accepted" x=${at(accepted)} width=${at(written - accepted)} height="10" />`}
    <rect class="span" x=${at(written)} width=${Math.max(4, at(visible - written))} height="10" />
  </svg>`;
}

const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const MOST_MS = 60_000;

/**
 * When a request was accepted: the API's own correlation ids begin with that time (ULID). A client's may be anything.
 * @param {string} correlation
 * @param {number} written when its first commit was
 */
function arrivalOf(correlation, written) {
  if (!/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(correlation)) return written;
  const at = [...correlation.slice(0, 10)].reduce((sum, digit) => sum * 32 + DIGITS.indexOf(digit), 0);
  return at <= written && written - at < MOST_MS ? at : written;
}
