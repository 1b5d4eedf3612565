/** Dead letters: the records that were set aside, each with its error and its history; redriven or discarded. */
import { Problem, send } from "./api.js";
import { Drawer } from "./command.js";
import { Filters } from "./filters.js";
import * as format from "./format.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { useAnswer } from "./load.js";
import { changed, go, href } from "./location.js";
import { filled, linkOf, words } from "./model.js";
import { notify } from "./notices.js";
import { Empty, Failed, Loading } from "./states.js";

/** @typedef {import("./model.js").Operation} Operation */

/** The names of the routes. */
export const LETTERS = "operations.dead-letters";
export const LETTER = "operations.dead-letter";
const SIZE = "50";
/** What the filters are called. @type {Record<string, string>} */
const LABELS = { service: "Service", consumer: "Set aside by", kind: "Type of error", error: "Error contains" };

/** The list's route, where this role may use it. @param {any} model @param {string} role @returns {Operation | undefined} */
export const lettersOf = (model, role) => model.operations.find((/** @type {Operation} */ one) => one.name === LETTERS && one.roles[role]);

/** @param {{model: any, list: Operation, place: import("./location.js").Place}} props */
export function LettersPage({ model, list, place }) {
  const [action, setAction] = useState(/** @type {"redrive" | "discard" | null} */ (null));
  const query = new URLSearchParams(place.query);
  if (!query.has("limit")) query.set("limit", SIZE);
  const { data, problem, loading, reload } = useAnswer(`${list.path}?${query}`);
  const discarded = query.get("state") === "discarded";
  const any = !!data?.items.length || !!data?.next;
  const filters = { ...list, label: "Dead letters", inQuery: list.inQuery.filter((one) => one.name !== "state").map((one) => ({ ...(one.name === "service" ? withServices(model, one) : one), label: LABELS[one.name] })) };
  return html`<header class="page-head"><div><h1 tabindex="-1">Dead letters</h1>
      <p class="muted">Records that the projector or the reactor could not handle. All others were handled.</p></div>
      ${!discarded && html`<div class="commands">
        <button type="button" class="primary" aria-disabled=${!any || undefined} onClick=${() => any && setAction("redrive")}>Redrive all that match</button>
        <button type="button" class="danger" aria-disabled=${!any || undefined} onClick=${() => any && setAction("discard")}>Discard all that match</button></div>`}
    </header>
    <nav class="tabs" aria-label="Which">
      <a href=${changed(place, { state: null, cursor: null })} aria-current=${!discarded}>Open</a>
      <a href=${changed(place, { state: "discarded", cursor: null })} aria-current=${discarded}>Discarded</a></nav>
    <${Filters} list=${filters} place=${place} />
    ${problem ? html`<${Failed} problem=${problem} retry=${reload} />` : !data ? html`<${Loading} />` : !any ? html`<${Nothing} place=${place} discarded=${discarded} />` : html`<div aria-busy=${loading}>
      <${Kinds} items=${data.items} place=${place} />
      <${Letters} items=${data.items} list=${list} discarded=${discarded} />
      <${Pages} next=${data.next} place=${place} /></div>`}
    ${action && html`<${Matching} action=${action} query=${place.query} close=${() => { setAction(null); reload(); }} />`}`;
}

/** The filter by service as a choice of those that have a stream. @param {any} model @param {any} parameter */
function withServices(model, parameter) {
  const services = [...new Set(model.commands.map((/** @type {Operation} */ one) => one.service))].filter((name) => name !== "operations");
  return { ...parameter, schema: { ...parameter.schema, enum: services.sort() } };
}

/** @param {any} props */
function Nothing({ place, discarded }) {
  const narrowed = ["service", "consumer", "kind", "error", "cursor"].some((name) => place.query.get(name));
  if (narrowed) return html`<${Empty} title="Nothing matches">No letter fits these filters. <a href=${href(place.path, discarded ? { state: "discarded" } : {})}>Show all</a><//>`;
  if (discarded) return html`<${Empty} title="None was discarded">A discarded letter is kept for 90 days, with who discarded it and why.<//>`;
  return html`<${Empty} title="There are none"><span class="dot good"></span> Every record was handled.<//>`;
}

/** What is wrong, by the types of the errors on this page. @param {any} props */
function Kinds({ items, place }) {
  const counts = new Map();
  for (const { kind } of items) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  if (counts.size < 2 || place.query.get("kind")) return null;
  return html`<ul class="kinds" aria-label="Types of errors on this page">${[...counts].sort((a, b) => b[1] - a[1]).map(([kind, count]) => html`<li><a class="tag" href=${changed(place, { kind, cursor: null })}>${kind} <span class="count">${count}</span></a></li>`)}</ul>`;
}

/** @param {any} props */
function Letters({ items, list, discarded }) {
  const when = discarded ? "discarded_at" : "set_aside_at";
  const sorted = [...items].sort((a, b) => String(b[when]).localeCompare(String(a[when])));
  return html`<div class="table" tabindex="0" role="region" aria-label="Dead letters"><table class="letters">
    <caption class="hidden">Dead letters</caption>
    <thead><tr><th scope="col">Record</th><th scope="col">Error</th>${discarded ? html`<th scope="col">Reason</th><th scope="col">By</th>` : html`<th scope="col">Set aside by</th><th scope="col" class="number">Redriven</th>`}<th scope="col" class="number">${discarded ? "Discarded" : "Set aside"}</th></tr></thead>
    <tbody>${sorted.map((one) => html`<tr key=${one.id}>
      <th scope="row" data-label="Record"><a href=${href(`${list.path}/${one.id}`)} title=${one.name}>${format.shortId(one.aggregate)}</a> <span class="muted">${one.service}${one.version === null ? "" : `, version ${one.version}`}</span></th>
      <td class="long" data-label="Error"><span class="clip" title=${one.error}>${one.error}</span></td>
      ${discarded
        ? html`<td class="long" data-label="Reason">${one.reason}</td><td data-label="By">${one.discarded_by}</td>`
        : html`<td data-label="Set aside by">${one.consumer}</td><td class="number" data-label="Redriven">${one.redrives ? `${one.redrives}×` : html`<span class="none" aria-label="never">–</span>`}</td>`}
      <td class="number" data-label=${discarded ? "Discarded" : "Set aside"}><time datetime=${one[when]} title=${one[when]}>${format.time(one[when])}</time></td></tr>`)}</tbody></table></div>`;
}

/** @param {any} props */
function Pages({ next, place }) {
  const cursor = next && new URLSearchParams(next.split("?")[1]).get("cursor");
  if (!cursor && !place.query.get("cursor")) return null;
  return html`<nav class="pages" aria-label="Pages"><span>${place.query.get("cursor") && html`<a href=${changed(place, { cursor: null })}>First page</a>`}</span>
    <span>${cursor ? html`<a class="button" rel="next" href=${changed(place, { cursor })}>Next page</a>` : html`<span class="muted">End of the list</span>`}</span></nav>`;
}

/** Which letters are meant, in words. @param {URLSearchParams} query */
function meant(query) {
  const parts = ["service", "consumer", "kind", "error"].filter((name) => query.get(name)).map((name) => html`<li>${LABELS[name]}: <code>${query.get(name)}</code></li>`);
  return parts.length ? html`<p>All open dead letters with</p><ul class="meant">${parts}</ul>` : html`<p><strong>All</strong> open dead letters.</p>`;
}

/** An action on all that match: a request after another, until nothing is left or somebody stops. @param {any} props */
function Matching({ action, query, close }) {
  const [reason, setReason] = useState("");
  const [done, setDone] = useState(/** @type {any} */ (null));
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const stopped = useRef(false);
  useEffect(() => () => void (stopped.current = true), []);
  const filters = Object.fromEntries(["service", "consumer", "kind", "error"].filter((name) => query.get(name)).map((name) => [name, query.get(name)]));
  const running = done?.running;
  const run = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (running) return;
    stopped.current = false;
    setProblem(null);
    const body = { ...(Object.keys(filters).length ? filters : { all: true }), ...(action === "discard" ? { reason: reason.trim() } : {}) };
    let state = { good: 0, refused: /** @type {any[]} */ ([]), left: 0, running: true, cursor: /** @type {string | null} */ (done?.cursor ?? null) };
    setDone(state);
    try {
      do {
        const { data } = await send("POST", `/operations/dead-letters/${action}`, { body: { ...body, ...(state.cursor ? { cursor: state.cursor } : {}) } });
        state = { ...state, good: state.good + (data.redriven ?? data.discarded), refused: [...state.refused, ...data.refused], left: data.left, cursor: data.cursor };
        setDone(state);
      } while (state.cursor && !stopped.current);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
    }
    setDone({ ...state, running: false });
  };
  const finished = done && !running && !done.cursor && !problem;
  return html`<${Drawer} title=${action === "redrive" ? "Redrive all that match" : "Discard all that match"} summary=${action === "redrive" ? "Each is handled again by what set it aside. What is refused again stays." : "Their records are removed for good. The reason is kept for 90 days."} close=${close}>
    <form onSubmit=${run} novalidate>
      ${problem && html`<${Refused} problem=${problem} />`}
      <div class="field">${meant(query)}</div>
      ${action === "discard" && !done && html`<${Reason} value=${reason} change=${setReason} problem=${problem} />`}
      <div role="status" aria-live="polite">${done && html`<${Progress} action=${action} done=${done} />`}</div>
      <div class="form-end">
        ${finished ? html`<button type="button" class="primary" onClick=${close}>Close</button>` : running ? html`<button type="button" onClick=${() => (stopped.current = true)}>Stop</button>` : html`
          <button type="submit" class=${action === "discard" ? "danger primary" : "primary"}>${done?.cursor ? "Go on" : words(action)}</button>
          <button type="button" class="quiet" onClick=${close}>${done ? "Close" : "Cancel"}</button>`}
      </div>
    </form><//>`;
}

/** @param {any} props */
function Progress({ action, done }) {
  const left = done.left >= 1000 ? "1,000 or more" : format.number(done.left);
  return html`<p><strong>${format.number(done.good)} ${action === "redrive" ? "handled" : "discarded"}</strong>${done.refused.length > 0 && html`, <span class="bad">${format.number(done.refused.length)} ${action === "redrive" ? "refused again" : "could not be"}</span>`}${done.cursor || done.running ? html`, <span class="muted">${left} left</span>` : "."}</p>
    ${done.refused.length > 0 && html`<ul class="refused">${done.refused.slice(0, 20).map((/** @type {any} */ one) => html`<li><a href=${href(`/operations/dead-letters/${one.id}`)}>${one.name}</a><br /><span class="muted">${one.error}</span></li>`)}${done.refused.length > 20 && html`<li class="muted">and ${format.number(done.refused.length - 20)} more</li>`}</ul>`}`;
}

/** @param {any} props */
function Reason({ value, change, problem }) {
  const fault = problem?.faults.find((/** @type {any} */ one) => one.pointer === "/reason");
  return html`<div class=${`field ${fault ? "faulty" : ""}`}><label for="reason">Reason</label>
    <textarea id="reason" data-pointer="/reason" rows="3" maxlength="1000" aria-required="true" aria-invalid=${!!fault || undefined} aria-describedby="reason-hint reason-fault" value=${value}
      onInput=${(/** @type {any} */ event) => change(event.target.value.replace(/\n/g, " "))}></textarea>
    <p class="fault" id="reason-fault">${fault && (value.trim() ? `${fault.detail.charAt(0).toUpperCase()}${fault.detail.slice(1)}.` : "Write a reason.")}</p>
    <p class="hint" id="reason-hint">Why nobody needs the record. It is kept and shown. Name no person in it.</p></div>`;
}

/** @param {any} props */
function Refused({ problem }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    const field = box.current?.closest("form")?.querySelector('[aria-invalid="true"]');
    (field instanceof HTMLElement ? field : box.current)?.focus();
  }, [problem]);
  return html`<div class="refusal" role="alert" tabindex="-1" ref=${box}><p><strong>${problem.title}.</strong> ${problem.faults.some((/** @type {any} */ one) => one.pointer === "/reason") ? "See the marked field." : problem.message}</p></div>`;
}

/** @param {{model: any, id: string}} props */
export function LetterPage({ model, id }) {
  const list = model.operations.find((/** @type {Operation} */ one) => one.name === LETTERS);
  const path = `${list.path}/${encodeURIComponent(id)}`;
  const { data, problem, reload } = useAnswer(path);
  const [discarding, setDiscarding] = useState(false);
  const [refused, setRefused] = useState(/** @type {Problem | null} */ (null));
  const [sending, setSending] = useState(false);
  const redrive = async () => {
    if (sending) return;
    setSending(true);
    setRefused(null);
    try {
      await send("POST", `${path}/redrive`);
      notify("Handled. The dead letter is gone.");
      return go(href(list.path));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setRefused(error);
      reload();
    }
    setSending(false);
  };
  const back = html`<p class="kind"><a href=${href(list.path)}>Dead letters</a></p>`;
  if (problem && !data) return html`<header class="page-head"><div>${back}<h1 tabindex="-1">Dead letter</h1></div></header><${Failed} problem=${problem} retry=${reload} />`;
  if (!data) return html`<header class="page-head"><div>${back}<h1 tabindex="-1">Dead letter</h1></div></header><${Loading} />`;
  const open = data.discarded_at === null;
  return html`<header class="page-head"><div>${back}<h1 tabindex="-1">${data.name}</h1></div>
      ${open && html`<div class="commands"><button type="button" class="primary" aria-disabled=${sending || undefined} onClick=${redrive}>${sending ? "Redriving" : "Redrive"}</button>
        <button type="button" class="danger" onClick=${() => setDiscarding(true)}>Discard</button></div>`}</header>
    ${refused && html`<div class="refusal" role="alert"><p><strong>${refused.code === "refused-again" ? "Refused again" : refused.title}.</strong> ${refused.message}</p></div>`}
    ${!open && html`<p class="note"><strong>Discarded</strong> by ${data.discarded_by}, ${format.time(data.discarded_at)}: ${data.reason}</p>`}
    <dl class="facts">
      <div><dt>Record of</dt><dd><${Aggregate} model=${model} letter=${data} /></dd></div>
      <div><dt>Service</dt><dd>${data.service}</dd></div>
      <div><dt>Version</dt><dd>${data.version ?? html`<span class="muted">cannot be decoded</span>`}</dd></div>
      <div><dt>Set aside</dt><dd>by the ${data.consumer}, <time datetime=${data.set_aside_at} title=${data.set_aside_at}>${format.time(data.set_aside_at)}</time></dd></div>
    </dl>
    <section><h2>Error</h2><pre class="error">${data.error}</pre>
      ${data.history.length > 0 && html`<h3>Before it was redriven</h3><ol class="history">${[...data.history].reverse().map((one) => html`<li><p><time datetime=${one.redriven_at}>${format.time(one.redriven_at)}</time> <span class="muted">redriven${one.redriven_by && ` by ${one.redriven_by}`}, until then:</span></p><pre class="error">${one.error}</pre></li>`)}</ol>`}</section>
    <section><h2>Record</h2>${data.image ? html`<pre tabindex="0" role="region" aria-label="Record">${JSON.stringify(data.image, (_, value) => (typeof value === "bigint" ? String(value) : value), 2)}</pre><p class="muted">What is personal reads (erased). <code>ops dead-letters show</code> shows all of it.</p>` : html`<p class="muted">${data.image_fault}</p>`}</section>
    ${discarding && html`<${DiscardForm} path=${path} close=${() => setDiscarding(false)} done=${() => { setDiscarding(false); notify("Discarded. The reason is kept."); reload(); }} />`}`;
}

/** @param {any} props */
function Aggregate({ model, letter }) {
  const known = linkOf(model, "", {}, letter.aggregate);
  const own = model.items.find((/** @type {Operation} */ item) => item.service === letter.service && item.inPath[0].name !== "id");
  const target = known ?? (own && filled(own.path, { [own.inPath[0].name]: letter.aggregate }));
  return target ? html`<a href=${href(target)}>${letter.aggregate}</a>` : html`<code>${letter.aggregate}</code>`;
}

/** @param {any} props */
function DiscardForm({ path, close, done }) {
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const [sending, setSending] = useState(false);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (sending) return;
    setSending(true);
    try {
      await send("POST", `${path}/discard`, { body: { reason: reason.trim() } });
      return done();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
    }
    setSending(false);
  };
  return html`<${Drawer} title="Discard" summary="The record is removed for good. The reason is kept for 90 days." close=${close}>
    <form onSubmit=${submit} novalidate>${problem && html`<${Refused} problem=${problem} />`}
      <${Reason} value=${reason} change=${setReason} problem=${problem} />
      <div class="form-end"><button type="submit" class="danger primary" aria-disabled=${sending || undefined}>${sending ? "Sending" : "Discard"}</button>
        <button type="button" class="quiet" onClick=${close}>Cancel</button></div></form><//>`;
}
