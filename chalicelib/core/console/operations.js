/** The first page: what stands still or is behind, what is set aside, what is being rebuilt, and what to do about it. */
import { Alarms } from "./alarms.js";
import { html } from "./html.js";
import { LineChart } from "./chart.js";
import { duration, number, time } from "./format.js";
import { useAnswer } from "./load.js";
import { href } from "./location.js";
import { words } from "./model.js";
import { Empty, Failed, Loading } from "./states.js";

const EVERY = 2;
/** Seconds of lag from which somebody should look, as the alarm does. */
const LATE = 60;
/** Seconds after which a rebuild that made no progress needs somebody. */
const IDLE = 180;
const HOURS = 24;

/** What a screen reader says of a finding. @type {Record<string, string>} */
const SPOKEN = { stuck: "stands still", lag: "is behind", letters: "has dead letters", "": "needs somebody" };

/** @typedef {{level: string, alarm: string, text: string, act: string, command?: string, link?: string}} Finding */

/** @param {{allowed: boolean, letters: boolean}} props `letters`: whether this role may see the dead letters. */
export function OperationsPage({ allowed, letters }) {
  const { data, problem, reload } = useAnswer(allowed ? "/status" : null, { every: EVERY, consistent: false });
  if (!allowed) return html`<h1 tabindex="-1">Operations</h1><${Empty} title="Nothing for this role">Choose a page on the left.<//>`;
  if (problem && !data) return html`<h1 tabindex="-1">Operations</h1><${Failed} problem=${problem} retry=${reload} />`;
  if (!data) return html`<h1 tabindex="-1">Operations</h1><${Loading} />`;
  const { services } = data;
  const found = findings(services);
  return html`<header class="page-head"><div><h1 tabindex="-1">Operations</h1>
      <p class="muted" role="status">${problem ? html`<span class="bad">Not reachable: the page shows the last answer.</span>` : "Whether queries keep up with commands, as the check last saw it."}</p></div></header>
    <${Verdict} services=${services} found=${found} letters=${letters} />
    <${Services} services=${services} letters=${letters} />
    <${Charts} />
    <${Rebuilds} services=${services.filter((/** @type {any} */ s) => s.rebuild)} />
    <${Commands} />
    <${Alarms} findings=${found} />`;
}

/**
 * What is not as it should be, each with what to do about it; what stands still comes first.
 * @param {any[]} services
 * @returns {Finding[]}
 */
export function findings(services) {
  const found = services.flatMap((one) => {
    /** @type {Finding[]} */
    const mine = [];
    const name = one.service;
    if (one.stuck) mine.push({ level: "bad", alarm: "stuck", text: `${name}: its stream stands still, for ${duration(one.waiting_seconds)}.`, act: "What is written does not become visible. See the projector's log: its database is away, or a record or a lock holds it up.", command: "errors_of Projector" });
    else if (one.lag_seconds !== null && one.lag_seconds > LATE) mine.push({ level: "bad", alarm: "lag", text: `${name}: ${duration(one.lag_seconds)} behind.`, act: "See whether the projector fails or is throttled.", command: "ops status --watch" });
    if (one.check_overdue) mine.push({ level: "bad", alarm: "lag", text: `${name}: the check last ran ${duration(one.age_seconds)} ago.`, act: "Lag and dead letters are those of that time. See the log of the check.", command: "errors_of Check" });
    if (one.dead_letters) mine.push({ level: "bad", alarm: "letters", text: `${name}: ${number(one.dead_letters)} ${one.dead_letters === 1 ? "record is" : "records are"} set aside.`, act: "Look at the error, mend its cause, then redrive.", command: `ops dead-letters list --service ${name}`, link: href("/operations/dead-letters", { service: name }) });
    if (one.rebuild && one.rebuild.eta_seconds !== 0 && one.rebuild.age_seconds > IDLE) mine.push({ level: "warn", alarm: "", text: `${name}: its rebuild has made no progress for ${duration(one.rebuild.age_seconds)}.`, act: "Resume it, or abandon it.", command: "ops rebuild --resume" });
    if (one.verify?.rebuilt) mine.push({ level: "warn", alarm: "", text: `${name}: a rebuild swapped the tables during the last verification.`, act: "Its outcome says nothing. Run it again.", command: `ops verify --service ${name}` });
    else if (one.verify?.left) mine.push({ level: "warn", alarm: "", text: `${name}: the last verification left ${number(one.verify.left)} ${one.verify.left === 1 ? "difference" : "differences"}.`, act: "Read model and write model disagree there.", command: `ops verify --service ${name} --repair` });
    return mine;
  });
  const rank = (/** @type {Finding} */ one) => (one.alarm === "stuck" ? 0 : one.level === "bad" ? 1 : 2);
  return found.sort((a, b) => rank(a) - rank(b));
}

/** @param {any} props */
function Verdict({ services, found, letters }) {
  if (!services.length) return html`<p class="verdict" role="status"><span class="dot"></span>The check has not run yet. It runs once a minute.</p>`;
  if (!found.length) return html`<p class="verdict" role="status"><span class="dot good"></span>Everything is up to date.</p>`;
  // The list changes every moment, with its seconds. What is said aloud is what it is about.
  return html`<p class="hidden" role="status">${found.map((/** @type {Finding} */ one) => words(`${one.text.split(":")[0]} ${SPOKEN[one.alarm]}`)).join(". ")}</p>
    <ul class="findings">${found.map((/** @type {Finding} */ one) => html`<li key=${one.text.split(":")[0] + one.alarm + one.command}><span class=${`dot ${one.level}`}></span><div><strong>${one.text}</strong> ${one.act}
    <p class="acts">${one.link && letters && html`<a href=${one.link}>Show them</a>`}${one.command && html`<code>${one.command}</code>`}</p></div></li>`)}</ul>`;
}

/** @param {any} props */
function Services({ services, letters }) {
  if (!services.length) return null;
  return html`<section><h2>Services</h2><div class="table" tabindex="0" role="region" aria-label="Services"><table>
    <thead><tr><th scope="col">Service</th><th scope="col" class="number">Behind by</th><th scope="col" class="number">Commits a second</th><th scope="col" class="number">Set aside</th><th scope="col" class="number">Verified</th><th scope="col" class="number">Checked</th></tr></thead>
    <tbody>${services.map((/** @type {any} */ one) => html`<tr key=${one.service}>
      <th scope="row" data-label="Service">${words(one.service)}</th>
      <td class="number" data-label="Behind by"><${Behind} one=${one} /></td>
      <td class="number" data-label="Commits a second"><span class=${one.commits_per_second ? "" : "muted"}>${number(one.commits_per_second)}</span></td>
      <td class="number" data-label="Set aside">${one.dead_letters && letters ? html`<a class="bad" href=${href("/operations/dead-letters", { service: one.service })}>${number(one.dead_letters)}</a>` : html`<span class=${one.dead_letters ? "bad" : "muted"}>${number(one.dead_letters)}</span>`}</td>
      <td class="number" data-label="Verified"><${Verified} outcome=${one.verify} /></td>
      <td class="number" data-label="Checked"><time class=${one.check_overdue ? "bad" : ""} datetime=${one.checked_at} title=${time(one.checked_at)}>${duration(one.age_seconds)} ago</time></td></tr>`)}</tbody></table></div></section>`;
}

/** @param {any} props */
function Behind({ one }) {
  if (one.stuck) return html`<span class="bad">stands still, ${duration(one.waiting_seconds)}</span>`;
  if (one.lag_seconds === null) return html`<span class="muted">not known yet</span>`;
  return html`<span class=${one.lag_seconds > LATE ? "bad" : ""}>${duration(one.lag_seconds)}</span>`;
}

/** @param {any} props */
function Verified({ outcome }) {
  if (!outcome) return html`<span class="muted">never</span>`;
  const words_ = outcome.rebuilt ? "to be repeated" : outcome.left ? `${number(outcome.left)} left` : outcome.found ? "repaired" : "no difference";
  return html`<span class=${outcome.left || outcome.rebuilt ? "bad" : ""}>${words_}</span> <time class="muted" datetime=${outcome.finished_at} title=${time(outcome.finished_at)}>${duration(outcome.age_seconds)} ago</time>`;
}

/** Lag and commits over a day, as the check has kept them. */
function Charts() {
  const { data } = useAnswer(`/status?hours=${HOURS}`, { every: 60, consistent: false });
  const services = data?.services.filter((/** @type {any} */ one) => one.history?.length > 1) ?? [];
  if (!services.length) return null;
  const at = (/** @type {any} */ point) => Date.parse(point.at) / 1000;
  const times = [...new Set(services.flatMap((/** @type {any} */ one) => one.history.map(at)))].sort((a, b) => a - b);
  const lines = (/** @type {string} */ member) => services.map((/** @type {any} */ one) => {
    const values = new Map(one.history.map((/** @type {any} */ point) => [at(point), point[member]]));
    return { label: one.service, values: times.map((time) => values.get(time) ?? null) };
  });
  return html`<section class="charts"><h2>The last ${HOURS} hours</h2><div>
    <${LineChart} times=${times} lines=${lines("lag_seconds")} format=${duration} label="Behind by" />
    <${LineChart} times=${times} lines=${lines("commits_per_second")} label="Commits a second" /></div></section>`;
}

/** @param {any} props */
function Rebuilds({ services }) {
  if (!services.length) return null;
  return html`<section><h2>Rebuilds</h2>${services.map((/** @type {any} */ { service, rebuild }) => html`<div class="rebuild" key=${service}>
    <p><strong>${words(service)}</strong> <span class="muted">${number(rebuild.items)}${rebuild.expected === null ? "" : ` of about ${number(rebuild.expected)}`} items, begun ${time(rebuild.started_at)}${rebuild.eta_seconds === 0 ? ", scanned: it is being verified, or waits to be resumed" : rebuild.eta_seconds === null ? "" : `, ${duration(rebuild.eta_seconds)} to go`}</span></p>
    ${rebuild.expected !== null && html`<progress max=${Math.max(rebuild.expected, rebuild.items, 1)} value=${rebuild.items} aria-label=${`Rebuild of ${service}`}></progress>`}
  </div>`)}</section>`;
}

/** What outlasts a request, and so is run from a command line. */
function Commands() {
  return html`<section><h2>From the command line</h2><p class="muted">These take longer than a request may. Their outcome and their progress show above.</p>
    <dl class="run"><div><dt>Compare write model and read model</dt><dd><code>ops verify</code></dd></div>
      <div><dt>Correct the differences</dt><dd><code>ops verify --repair</code></dd></div>
      <div><dt>Build a service's tables again, while they answer queries</dt><dd><code>ops rebuild --service NAME</code></dd></div></dl></section>`;
}
