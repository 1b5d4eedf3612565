/** The history of a thing: a line a commit, oldest first. */
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
    <ol class="timeline">${data.entries.map((/** @type {any} */ entry) => html`<${Entry} key=${`${entry.service}${entry.id}${entry.version}`} entry=${entry} />`)}</ol>`;
}

/** @param {any} props */
function Entry({ entry }) {
  const [service, command] = entry.command.split(".", 2);
  return html`<li>
    <time datetime=${entry.at} title=${entry.at}>${format.exactTime(entry.at)}</time>
    <div>
      <strong>${words(command ?? service)}</strong> <span class="muted">${entry.service}, version ${entry.version}, by ${entry.actor}</span>
      ${entry.events.map((/** @type {any} */ event) => html`<details><summary>${event.type}</summary><pre>${JSON.stringify(event.data, (_, v) => (typeof v === "bigint" ? String(v) : v), 2)}</pre></details>`)}
    </div></li>`;
}
