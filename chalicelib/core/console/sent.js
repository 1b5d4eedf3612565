/** What this page has sent and the API has answered, until queries show it: the beginning of a journey. */
import { useEffect, useState } from "./html.js";

/** @typedef {{command: string, id: string, version: number, correlation: string, ms: number}} Sent */

/** @type {Sent[]} the newest first */
let all = [];
const MOST = 20;
/** @type {Set<() => void>} */
const listeners = new Set();

/** @param {Sent} one */
export function remember(one) {
  all = [one, ...all].slice(0, MOST);
  listeners.forEach((listener) => listener());
}

/** What was sent to one thing. @param {string} id @returns {Sent[]} */
export function useSent(id) {
  const [, setTurn] = useState(0);
  useEffect(() => {
    const listener = () => setTurn((n) => n + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return all.filter((one) => one.id === id);
}
