/** The page where one signs in: by a role on the local stack, at the issuer, or by a token. */
import { send } from "./api.js";
import { html, useEffect, useState } from "./html.js";
import * as oidc from "./oidc.js";
import * as session from "./session.js";
import { words } from "./model.js";

/** @param {{title: string, ways: any}} props */
export function SignIn({ title, ways }) {
  const [fault, setFault] = useState(session.whyEnded());
  const attempt = (/** @type {() => Promise<any>} */ way) => way().catch((error) => setFault(error.faults?.length ? error.faults[0].detail : error.message));
  return html`<main class="sign-in">
    <h1 tabindex="-1">${title}</h1>
    <p class="fault" role="alert">${fault}</p>
    ${ways.oidc && html`<section><button type="button" class="primary" onClick=${() => attempt(() => oidc.leave(ways.oidc))}>Sign in</button></section>`}
    ${ways.local && html`<${Roles} ways=${ways} attempt=${attempt} />`}
    <${Paste} ways=${ways} attempt=${attempt} alone=${!ways.local && !ways.oidc} />
  </main>`;
}

/** @param {any} props */
function Roles({ ways, attempt }) {
  const [roles, setRoles] = useState(/** @type {{role: string, needs_subject: boolean}[]} */ ([]));
  const [subject, setSubject] = useState("");
  useEffect(() => void attempt(async () => setRoles((await send("GET", ways.local)).data.roles)), []);
  const enter = async (/** @type {string} */ role, /** @type {string} */ subject_) => {
    const { data } = await send("POST", ways.local, { body: { role, subject: subject_ } });
    session.begin(session.sessionOf(data.token, ways));
  };
  const own = roles.filter((one) => one.needs_subject);
  return html`<section aria-labelledby="as">
    <h2 id="as">Sign in as</h2>
    <p class="muted">This stack runs on your machine. Choose whom you want to be.</p>
    <div class="roles">${roles.filter((one) => !one.needs_subject).reverse().map((one, i) => html`<button type="button" class=${i ? "" : "primary"} onClick=${() => attempt(() => enter(one.role, ""))}>${words(one.role)}</button>`)}</div>
    ${own.map((one) => html`<form class="own" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); attempt(() => enter(one.role, subject.trim())); }}>
      <label for="subject">${words(one.role)}, by an id</label>
      <div class="line"><input id="subject" value=${subject} autocomplete="off" spellcheck=${false} onInput=${(/** @type {any} */ e) => setSubject(e.target.value)} /><button>Sign in</button></div>
    </form>`)}
  </section>`;
}

/** @param {any} props */
function Paste({ ways, attempt, alone }) {
  const [token, setToken] = useState("");
  const enter = async () => session.begin(session.sessionOf(token.trim(), ways));
  return html`<details class="paste" open=${alone}><summary>Use a token</summary>
    <form onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); attempt(enter); }}>
      <label for="token">Token, a JWT</label>
      <textarea id="token" rows="4" value=${token} autocomplete="off" spellcheck=${false} onInput=${(/** @type {any} */ e) => setToken(e.target.value)}></textarea>
      <p class="hint">It is kept in this page’s memory alone, and forgotten when you reload.</p>
      <button>Sign in</button>
    </form></details>`;
}
