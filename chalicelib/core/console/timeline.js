/** The history of a thing, oldest first: the journeys of its commands, and their steps. */
import { html } from "./html.js";
import * as format from "./format.js";
import { useAnswer, useFollowUps } from "./load.js";
import { filled, words } from "./model.js";
import { plain } from "./schema.js";
import { Failed, Loading } from "./states.js";

/** @param {import("./model.js").Operation} query */
export function isTimeline(query) {
  const entry = plain(plain(query.answer.properties?.entries).items).properties ?? {};
  return ["service", "id", "version", "at", "command", "events"].every((name) => name in entry);
}

/** @param {any} props `version`: of the thing; a newer one has a longer history. */
export function Timeline({ query, values, version }) {
  const { data, problem, reload } = useAnswer(filled(query.path, values));
  useFollowUps(reload, version);
  if (problem) return html`<${Failed} problem=${problem} retry=${reload} />`;
  if (!data) return html`<${Loading} />`;
  return html`${data.incomplete && html`<p class="note">Some entries are missing: the stream has not delivered them yet, or has lost them.</p>`}
    <ol class="timeline">${journeysOf(data.entries).map((journey) => html`<${Journey} key=${journey[0].correlation_id || `${journey[0].service}${journey[0].id}${journey[0].version}`} entries=${journey} />`)}</ol>`;
}

/**
 * The entries, those together that one request led to.
 * @param {any[]} entries
 * @returns {any[][]}
 */
export function journeysOf(entries) {
  const groups = new Map();
  for (const entry of entries) {
    const key = entry.correlation_id || Symbol("alone");
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return [...groups.values()];
}

/** What one request led to, a bar a step: from when it was written until queries showed it. @param {any} props */
function Journey({ entries }) {
  const times = entries.flatMap((/** @type {any} */ entry) => [entry.at, entry.applied_at].filter(Boolean).map(Date.parse));
  const [begin, end] = [Math.min(...times), Math.max(...times)];
  const drawn = entries.every((/** @type {any} */ entry) => entry.applied_at) && end > begin;
  return html`<li>
    <time datetime=${entries[0].at} title=${entries[0].at}>${format.exactTime(entries[0].at)}</time>
    <div>
      ${entries.map((/** @type {any} */ entry) => html`<${Step} key=${`${entry.service}${entry.id}${entry.version}`} entry=${entry} begin=${begin} whole=${drawn ? end - begin : 0} />`)}
      ${drawn && html`<p class="journey-end">${format.number(end - begin)} ms from the first commit until queries showed the last</p>`}
    </div></li>`;
}

/** @param {any} props */
function Step({ entry, begin, whole }) {
  const [service, command] = entry.command.split(".", 2);
  const written = Date.parse(entry.at);
  const visible = Date.parse(entry.applied_at);
  const words_ = `written after ${written - begin} ms, visible after ${visible - begin} ms`;
  return html`<div class="step">
    <p><strong>${words(command ?? service)}</strong> <span class="muted">${entry.service}, version ${entry.version}${entry.actor ? `, by ${entry.actor}` : ""}</span></p>
    ${whole > 0 && html`<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label=${words_}><title>${words_}</title>
      <rect class="track" width="1000" height="10" /><rect class="span" x=${((written - begin) / whole) * 1000} width=${Math.max(4, (Math.max(0, visible - written) / whole) * 1000)} height="10" /></svg>
      <span class="ms">${format.number(Math.max(0, visible - written))} ms</span>`}
    <div class="events">${entry.events.map((/** @type {any} */ event) => html`<details><summary>${event.type}</summary><pre>${JSON.stringify(event.data, (_, v) => (typeof v === "bigint" ? String(v) : v), 2)}</pre></details>`)}</div>
  </div>`;
}
