/** The first page: how far the read model is behind, what is set aside, and what is being rebuilt. */
import { html } from "./html.js";
import { LineChart } from "./chart.js";
import { duration, number, time } from "./format.js";
import { useAnswer } from "./load.js";
import { words } from "./model.js";
import { Empty, Failed, Loading } from "./states.js";

const EVERY = 5;
/** Seconds of lag from which somebody should look, as the alarm does. */
const LATE = 60;
/** Seconds after which the check, which runs every minute, has missed its turn. */
const MISSED = 180;
const HOURS = 24;

/** @param {{allowed: boolean}} props */
export function OperationsPage({ allowed }) {
  const { data, problem, reload } = useAnswer(allowed ? "/status" : null, { every: EVERY });
  if (!allowed) return html`<h1 tabindex="-1">Operations</h1><${Empty} title="Nothing for this role">Choose a page on the left.<//>`;
  if (problem && !data) return html`<h1 tabindex="-1">Operations</h1><${Failed} problem=${problem} retry=${reload} />`;
  if (!data) return html`<h1 tabindex="-1">Operations</h1><${Loading} />`;
  const { services } = data;
  return html`<header class="page-head"><div><h1 tabindex="-1">Operations</h1>
      <p class="muted">${problem ? html`<span class="bad">Not reachable: the page shows the last answer.</span>` : "How far the read model is behind the services, as the check last saw it."}</p></div></header>
    <${Verdict} services=${services} />
    <${Services} services=${services} />
    <${LagChart} />
    <${Rebuilds} services=${services.filter((/** @type {any} */ s) => s.rebuild)} />`;
}

/**
 * What is not as it should be, each with what to do about it.
 * @param {any[]} services
 */
export function findings(services) {
  return services.flatMap((one) => {
    const found = [];
    if (one.dead_letters) found.push({ level: "bad", text: `${one.service}: ${number(one.dead_letters)} ${one.dead_letters === 1 ? "record is" : "records are"} set aside.`, act: "Look at the error, mend its cause, then redrive.", command: `ops dead-letters list --service ${one.service}` });
    if (one.age_seconds > MISSED) found.push({ level: "bad", text: `${one.service}: the check last ran ${duration(one.age_seconds)} ago.`, act: "It runs every minute. See the log of the check.", command: "" });
    else if (one.lag_seconds !== null && one.lag_seconds > LATE) found.push({ level: "bad", text: `${one.service}: ${duration(one.lag_seconds)} behind.`, act: "See whether the projector fails or is throttled.", command: "ops status --watch" });
    if (one.rebuild && one.rebuild.age_seconds > MISSED) found.push({ level: "warn", text: `${one.service}: its rebuild makes no progress.`, act: "Resume it, or abandon it.", command: "ops rebuild --resume" });
    return found;
  });
}

/** @param {any} props */
function Verdict({ services }) {
  if (!services.length) return html`<p class="verdict"><span class="dot"></span>The check has not run yet. It runs once a minute.</p>`;
  const found = findings(services);
  if (!found.length) return html`<p class="verdict" role="status"><span class="dot good"></span>Everything is up to date.</p>`;
  return html`<ul class="findings" role="status">${found.map((one) => html`<li><span class=${`dot ${one.level}`}></span><div><strong>${one.text}</strong> ${one.act}${one.command && html` <code>${one.command}</code>`}</div></li>`)}</ul>`;
}

/** @param {any} props */
function Services({ services }) {
  return html`<section><h2>Services</h2><div class="table" tabindex="0" role="region" aria-label="Services"><table>
    <thead><tr><th scope="col">Service</th><th scope="col" class="number">Behind by</th><th scope="col" class="number">Set aside</th><th scope="col" class="number">Checked</th></tr></thead>
    <tbody>${services.map((/** @type {any} */ one) => html`<tr>
      <th scope="row" data-label="Service">${words(one.service)}</th>
      <td class="number" data-label="Behind by">${one.lag_seconds === null ? html`<span class="muted">not known yet</span>` : html`<span class=${one.lag_seconds > LATE ? "bad" : ""}>${duration(one.lag_seconds)}</span>`}</td>
      <td class="number" data-label="Set aside"><span class=${one.dead_letters ? "bad" : "muted"}>${number(one.dead_letters)}</span></td>
      <td class="number" data-label="Checked"><time datetime=${one.checked_at} title=${time(one.checked_at)}>${duration(one.age_seconds)} ago</time></td></tr>`)}</tbody></table></div></section>`;
}

/** The lag over a day, as the check has kept it. */
function LagChart() {
  const { data } = useAnswer(`/status?hours=${HOURS}`, { every: 60 });
  const services = data?.services.filter((/** @type {any} */ one) => one.history?.length > 1) ?? [];
  if (!services.length) return null;
  const times = [...new Set(services.flatMap((/** @type {any} */ one) => one.history.map((/** @type {any} */ point) => Date.parse(point.at) / 1000)))].sort((a, b) => a - b);
  const lines = services.map((/** @type {any} */ one) => {
    const lags = new Map(one.history.map((/** @type {any} */ point) => [Date.parse(point.at) / 1000, point.lag_seconds]));
    return { label: one.service, values: times.map((time) => lags.get(time) ?? null) };
  });
  return html`<section><h2>Lag</h2><${LineChart} times=${times} lines=${lines} format=${duration} label=${`Behind by, over the last ${HOURS} hours`} /></section>`;
}

/** @param {any} props */
function Rebuilds({ services }) {
  if (!services.length) return null;
  return html`<section><h2>Rebuilds</h2>${services.map((/** @type {any} */ { service, rebuild }) => html`<div class="rebuild">
    <p><strong>${words(service)}</strong> <span class="muted">${number(rebuild.items)}${rebuild.expected === null ? "" : ` of about ${number(rebuild.expected)}`} items, begun ${time(rebuild.started_at)}${rebuild.eta_seconds === null ? "" : `, ${duration(rebuild.eta_seconds)} to go`}</span></p>
    ${rebuild.expected !== null && html`<progress max=${Math.max(rebuild.expected, rebuild.items, 1)} value=${rebuild.items} aria-label=${`Rebuild of ${service}`}></progress>`}
  </div>`)}</section>`;
}
