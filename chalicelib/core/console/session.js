/**
 * Who is signed in. The token lives in this module alone: a reload forgets it, and no other page can read it.
 */
import { useEffect, useState } from "./html.js";

/** @typedef {{token: string, role: string, subject: string, expires: number | null}} Session */

/** @type {Session | null} */
let session = null;
/** Why the last one ended, for the page where one signs in. */
let reason = "";
let newestToken = "";
/** @type {Set<() => void>} */
const listeners = new Set();

export const current = () => session;
export const whyEnded = () => reason;

/** The Consistency-Token of the newest command, which queries send along. */
export const consistencyToken = () => newestToken;

/** @param {string | null} token */
export function sawConsistencyToken(token) {
  if (token) newestToken = token;
}

/** @param {Session} begun */
export function begin(begun) {
  session = begun;
  reason = "";
  changed();
}

/** @param {string} [why] */
export function end(why = "") {
  session = null;
  newestToken = "";
  reason = why;
  changed();
}

/**
 * What a token says. The API verifies it; here it is only read.
 * @param {string} token
 * @returns {Record<string, any>}
 */
export function claimsOf(token) {
  const [, payload] = token.split(".");
  try {
    const bytes = Uint8Array.from(atob(payload.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    return Object(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    throw new Error("This is not a JWT. Paste the whole token, three parts with dots between them.");
  }
}

/**
 * Who the bearer of a token is.
 * @param {string} token
 * @param {{role_claim: string, subject_claim: string}} ways
 * @returns {Session}
 */
export function sessionOf(token, ways) {
  const claims = claimsOf(token);
  const role = claims[ways.role_claim];
  if (typeof role !== "string") throw new Error(`The token has no claim “${ways.role_claim}”, which names a role.`);
  return { token, role, subject: String(claims[ways.subject_claim] ?? ""), expires: claims.exp ?? null };
}

/** The session, and a new rendering whenever it begins or ends. */
export function useSession() {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = () => redraw((n) => n + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return session;
}

function changed() {
  for (const listener of listeners) listener();
}
