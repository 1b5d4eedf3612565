/**
 * Where the page is, as its URL says behind the `#`: an API path and a query, "#/things?sort=-name".
 * What stands there never reaches a server, so that no log holds what a person searched for.
 */
import { useEffect, useState } from "./html.js";

/** @typedef {{path: string, query: URLSearchParams}} Place */

/** The parameter that names the command whose form is open; no filter has this name. */
export const DO = "~do";

/** @returns {Place} */
export function here() {
  const [path, query = ""] = location.hash.replace(/^#/, "").split("?", 2);
  return { path: path || "/", query: new URLSearchParams(query) };
}

/**
 * @param {string} path
 * @param {URLSearchParams | Record<string, string>} [query]
 */
export function href(path, query = {}) {
  const text = new URLSearchParams(query).toString();
  return `#${path}${text ? `?${text}` : ""}`;
}

/**
 * The address of this place with some parameters changed; "" or null takes one away.
 * @param {Place} place
 * @param {Record<string, string | null>} changes
 */
export function changed(place, changes) {
  const query = new URLSearchParams(place.query);
  for (const [name, value] of Object.entries(changes)) value ? query.set(name, value) : query.delete(name);
  return href(place.path, query);
}

/**
 * @param {string} address as `href` makes it.
 * @param {{replace?: boolean}} [options]
 */
export function go(address, { replace = false } = {}) {
  if (!replace) location.hash = address;
  else location.replace(address);
}

/** The place, and a new rendering whenever it changes. */
export function usePlace() {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const moved = () => setPlace(here());
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  return place;
}
