/** Requests to the API: the token, the newest Consistency-Token, and problems (RFC 9457) as errors. */
import { parse, stringify } from "./json.js";
import * as session from "./session.js";

/** Where the API is: "/", or a stage such as "/prod/". */
export const BASE = new URL("../", import.meta.url).pathname;

/** @typedef {{detail: string, pointer?: string, parameter?: string}} Fault */
/** @typedef {{status: number, headers: Headers, data: any}} Answer */

/** What the API refused, or that it could not be reached. */
export class Problem extends Error {
  /**
   * @param {number} status 0 where no answer came.
   * @param {any} body
   * @param {Headers} [headers]
   */
  constructor(status, body, headers) {
    super(body?.detail ?? `The API answered ${status}.`);
    this.status = status;
    this.title = body?.title ?? (status ? `Error ${status}` : "No connection");
    /** The last part of the problem's type: "read-model-behind". */
    this.code = String(body?.type ?? "").split(":").pop() ?? "";
    /** @type {Fault[]} */
    this.faults = body?.errors ?? [];
    this.instance = body?.instance ?? "";
    this.retryAfter = Number(headers?.get("Retry-After") ?? 0);
  }

  /** Whether it is unknown if the request took effect. */
  get unknown() {
    return this.status === 0 || this.status >= 500;
  }
}

/**
 * @param {string} method
 * @param {string} path below the API: "things/1?limit=5", with or without a slash in front.
 * @param {{body?: any, headers?: Record<string, string>, signal?: AbortSignal, consistent?: boolean}} [options]
 *   `consistent`: whether the answer has to show what this page has changed; not of the state of the services, which is
 *   asked for above all while changes do not become visible.
 * @returns {Promise<Answer>}
 * @throws {Problem}
 */
export async function send(method, path, { body, headers = {}, signal, consistent = true } = {}) {
  const sent = new Headers(headers);
  const signedIn = session.current();
  if (signedIn) sent.set("Authorization", `Bearer ${signedIn.token}`);
  if (method === "GET" && consistent && session.consistencyToken()) sent.set("Consistency-Token", session.consistencyToken());
  if (body !== undefined) sent.set("Content-Type", "application/json");
  const text = body === undefined ? undefined : stringify(body);
  const response = await answered(BASE + path.replace(/^\//, ""), { method, headers: sent, body: text, signal });
  session.sawConsistencyToken(response.headers.get("Consistency-Token"));
  const data = read(await response.text());
  if (response.ok) return { status: response.status, headers: response.headers, data };
  const problem = new Problem(response.status, data, response.headers);
  if (response.status === 401 && signedIn) session.end("The token is no longer accepted. Sign in again.");
  throw problem;
}

/**
 * @param {string} address
 * @param {RequestInit} request
 */
async function answered(address, request) {
  try {
    return await fetch(address, request);
  } catch (error) {
    if (request.signal?.aborted) throw error;
    throw new Problem(0, { detail: "The API cannot be reached. Check the connection, and try again." });
  }
}

/** @param {string} text */
function read(text) {
  try {
    return text ? parse(text) : null;
  } catch {
    return null;
  }
}
