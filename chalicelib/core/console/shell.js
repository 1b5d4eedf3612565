/** What is around every page: the way to all the others, and who is signed in. */
import { html, useEffect, useState } from "./html.js";
import { lettersOf } from "./letters.js";
import { href } from "./location.js";
import { words } from "./model.js";
import { Notices } from "./notices.js";
import * as session from "./session.js";

/** @param {any} props */
export function Shell({ model, place, children }) {
  const role = session.current()?.role ?? "";
  const lists = model.lists.filter((/** @type {any} */ list) => list.roles[role] && list.service !== "operations");
  const letters = lettersOf(model, role);
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(false), [place.path]);
  return html`<a class="skip" href="#content" onClick=${skip}>Skip to the content</a>
    <div class="shell">
      <aside class=${open ? "open" : ""}>
        <div class="brand"><a href="#/"><${Mark} /> ${model.title}</a>
          <button type="button" class="menu" aria-expanded=${open} aria-controls="nav" onClick=${() => setOpen(!open)}>Menu</button></div>
        <nav id="nav" aria-label="Pages">
          <ul>
            <${Entry} to="/" place=${place}>Operations<//>
            ${letters && html`<${Entry} to=${letters.path} place=${place}>Dead letters<//>`}
          </ul>
          <ul>${lists.map((/** @type {any} */ list) => html`<${Entry} to=${list.path} place=${place}>${list.label}<//>`)}</ul>
          <ul><${Entry} to="/~docs" place=${place}>API<//></ul>
        </nav>
        <${Who} />
      </aside>
      <main id="content">${children}</main>
    </div>
    <${Notices} />`;
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  const heading = document.querySelector("main h1");
  if (heading instanceof HTMLElement) heading.focus();
}

const Mark = () => html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2.6" stroke-linecap="round"><path d="M4 6c8 0 9 10 14 10h10" /><path d="M4 16h24" /><path d="M4 26c8 0 9-10 14-10" /></svg>`;

/** @param {any} props */
function Entry({ to, place, children }) {
  const current = place.path === to ? "page" : to !== "/" && place.path.startsWith(`${to}/`) ? "true" : undefined;
  return html`<li><a href=${href(to)} aria-current=${current}>${children}</a></li>`;
}

function Who() {
  const who = session.current();
  if (!who) return null;
  return html`<div class="who"><p>${words(who.role)}<br /><span class="muted">${who.subject}</span></p>
    <button type="button" class="quiet" onClick=${() => session.end()}>Sign out</button></div>`;
}
