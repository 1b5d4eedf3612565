/** Loading what a page shows. */
import { Problem, send } from "./api.js";
import { useCallback, useEffect, useRef, useState } from "./html.js";

/** @typedef {{data: any, headers: Headers | null, problem: Problem | null, loading: boolean, reload: () => void}} Loaded */

/** Seconds after which an answer is asked for again by itself, where the API names none. */
const PATIENCE = 1;
const MOST_TRIES = 5;

/**
 * The answer to a GET; what was there stays on the page until the new answer comes.
 * @param {string | null} path with its query; null asks for nothing.
 * @param {{every?: number, consistent?: boolean}} [options] `every`: seconds between two requests, while the page is
 *   visible; `consistent`: see `send`.
 * @returns {Loaded}
 */
export function useAnswer(path, { every = 0, consistent = true } = {}) {
  const [state, setState] = useState(/** @type {Omit<Loaded, "reload">} */ ({ data: null, headers: null, problem: null, loading: true }));
  const [turn, setTurn] = useState(0);
  const shown = useRef(path);
  const busy = useRef(false);
  const reload = useCallback(() => setTurn((n) => n + 1), []);
  useEffect(() => {
    if (path === null) return;
    const controller = new AbortController();
    const kept = shown.current === path;
    shown.current = path;
    setState((before) => ({ ...before, data: kept ? before.data : null, loading: true }));
    busy.current = true;
    ask(path, consistent, controller.signal).then(
      (answer) => {
        busy.current = false;
        setState({ data: answer.data, headers: answer.headers, problem: null, loading: false });
      },
      (problem) => {
        busy.current = controller.signal.aborted && busy.current;
        if (!controller.signal.aborted) setState((before) => ({ ...before, problem, loading: false }));
      },
    );
    return () => controller.abort();
  }, [path, turn]);
  useEffect(() => {
    if (!every) return;
    const timer = setInterval(() => document.visibilityState === "visible" && !busy.current && reload(), every * 1000);
    return () => clearInterval(timer);
  }, [every, reload]);
  useEffect(() => {
    addEventListener("online", reload);
    return () => removeEventListener("online", reload);
  }, [reload]);
  return { ...state, reload };
}

/** Milliseconds after a change at which what other services did because of it may be there. */
const FOLLOW_UPS = [700, 1500, 3000, 6000];

/**
 * Look again a few times after a thing has got a new version.
 * @param {() => void} reload
 * @param {any} version
 */
export function useFollowUps(reload, version) {
  useEffect(() => {
    const timers = FOLLOW_UPS.map((ms) => setTimeout(reload, ms));
    return () => timers.forEach(clearTimeout);
  }, [reload, version]);
}

/**
 * Ask; and again, where the read model says that it has not caught up.
 * @param {string} path
 * @param {boolean} consistent
 * @param {AbortSignal} signal
 */
async function ask(path, consistent, signal) {
  for (let tries = 1; ; tries++) {
    try {
      return await send("GET", path, { signal, consistent });
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "read-model-behind" || tries === MOST_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, (error.retryAfter || PATIENCE) * 1000));
    }
  }
}
