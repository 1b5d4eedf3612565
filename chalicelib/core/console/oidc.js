/**
 * Sign-in at an issuer: OpenID Connect's authorization code with PKCE (RFC 7636). The verifier, the state and the nonce
 * wait in sessionStorage while the person is at the issuer's page; the token comes into memory alone.
 */
import { BASE } from "./api.js";
import * as session from "./session.js";

const KEPT = "tributary-sign-in";

/** @typedef {{issuer: string, client_id: string, scope: string, token: string}} Issuer */

/** Go to the issuer's page. @param {Issuer} issuer */
export async function leave(issuer) {
  const { authorization_endpoint } = await discover(issuer);
  const verifier = random();
  const state = random();
  const nonce = random();
  sessionStorage.setItem(KEPT, JSON.stringify({ verifier, state, nonce, hash: location.hash }));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const query = new URLSearchParams({
    response_type: "code",
    client_id: issuer.client_id,
    redirect_uri: ownAddress(),
    scope: issuer.scope,
    state,
    nonce,
    code_challenge: base64(new Uint8Array(digest)),
    code_challenge_method: "S256",
  });
  const separator = authorization_endpoint.includes("?") ? "&" : "?";
  location.assign(`${authorization_endpoint}${separator}${query}`);
}

/** Whether the issuer has just sent the person back. */
export const isReturn = () => {
  const query = new URLSearchParams(location.search);
  return query.has("state") && (query.has("code") || query.has("error"));
};

/**
 * Take the code that the issuer sent back, and fetch the token for it.
 * @param {Issuer} issuer
 * @param {any} ways
 */
export async function comeBack(issuer, ways) {
  const query = new URLSearchParams(location.search);
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  sessionStorage.removeItem(KEPT);
  // The address must not keep the code: a reload would send it again.
  history.replaceState(null, "", ownAddress() + (kept?.hash ?? ""));
  dispatchEvent(new Event("hashchange"));
  if (!kept || kept.state !== query.get("state")) throw new Error("This sign-in was not begun here. Sign in again.");
  // RFC 9207: an answer of another issuer's.
  if (query.has("iss") && query.get("iss") !== issuer.issuer) throw new Error("This answer is another issuer's. Sign in again.");
  if (query.has("error")) throw new Error(`The issuer refused: ${query.get("error_description") ?? query.get("error")}`);
  const { token_endpoint } = await discover(issuer);
  const answer = await fetch(token_endpoint, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code: query.get("code") ?? "",
      redirect_uri: ownAddress(),
      client_id: issuer.client_id,
      code_verifier: kept.verifier,
    }),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(`The issuer gave no token: ${body.error_description ?? body.error ?? answer.status}`);
  // OpenID Connect Core 3.1.3.7: the ID token of another sign-in.
  if (body.id_token && session.claimsOf(body.id_token).nonce !== kept.nonce) throw new Error("This token is of another sign-in. Sign in again.");
  session.begin(session.sessionOf(body[issuer.token], ways));
}

/** What the issuer says of itself. @param {Issuer} issuer */
async function discover(issuer) {
  const answer = await fetch(`${issuer.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  if (!answer.ok) throw new Error(`The issuer ${issuer.issuer} does not answer. Try again later.`);
  const found = await answer.json();
  // OpenID Connect Discovery 4.3: the two have to be the same, to the last character.
  if (found.issuer !== issuer.issuer) throw new Error(`${issuer.issuer} says that it is another issuer. JWT_ISSUER has to be what it calls itself.`);
  return found;
}

const ownAddress = () => location.origin + BASE;

const random = () => base64(crypto.getRandomValues(new Uint8Array(32)));

/** @param {Uint8Array} bytes */
const base64 = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
