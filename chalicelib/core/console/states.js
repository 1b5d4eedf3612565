/** What stands in the place of content: loading, nothing there, an error, no connection. */
import { html, useEffect, useState } from "./html.js";

/** Shown after a moment only, so that quick answers do not flicker. @param {{what?: string}} props */
export function Loading({ what = "Loading" }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 250);
    return () => clearTimeout(timer);
  }, []);
  return html`<div class="state" role="status">${late && html`<span class="pulse" aria-hidden="true"></span>${what}`}</div>`;
}

/** @param {{title: string, children?: any}} props */
export const Empty = ({ title, children }) =>
  html`<div class="state"><p class="state-title">${title}</p>${children && html`<p>${children}</p>`}</div>`;

/** @param {{problem: import("./api.js").Problem, retry?: () => void}} props */
export function Failed({ problem, retry }) {
  return html`<div class="state failed" role="alert">
    <p class="state-title">${TITLES[problem.code] ?? problem.title}</p>
    <p>${problem.message}</p>
    ${problem.faults?.length > 0 && html`<ul>${problem.faults.map((fault) => html`<li>${fault.parameter ?? fault.pointer} ${fault.detail}</li>`)}</ul>`}
    ${problem.instance && problem.status >= 500 && html`<p class="muted">Its id in the log: <code>${problem.instance}</code></p>`}
    ${retry && html`<button type="button" onClick=${retry}>Try again</button>`}
  </div>`;
}

/** @type {Record<string, string>} */
const TITLES = { "read-model-behind": "The newest change is not visible yet" };
