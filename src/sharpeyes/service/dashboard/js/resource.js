import { useEffect, useRef, useState } from "../vendor/preact-hooks.mjs";
import { get } from "./api.js";
import { onHint } from "./live.js";
import { signedOut } from "./session.js";

// A storm of hints becomes one question per page and part each 1.5 s.
const GATHER_MS = 250;
const BETWEEN_MS = 1500;
const KEPT_ANSWERS = 40;

// What was last seen at a path: going back shows it at once, and asks again.
const kept = new Map();

function keep(path, data) {
  kept.delete(path);
  kept.set(path, data);
  if (kept.size > KEPT_ANSWERS) kept.delete(kept.keys().next().value);
}

export const forgetAnswers = () => kept.clear();

/** Ask again every few seconds while somebody looks, for what no hint tells of. */
export function useLookAgain({ again }, ms) {
  const latest = useRef(again);
  latest.current = again;
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && latest.current(), ms);
    return () => clearInterval(timer);
  }, [ms]);
}

/**
 * What the API holds at a path, kept up to date while the component is shown.
 *
 * @param {string | null} path  below /api/v1; null asks nothing
 * @param {string[]} hints  kinds of change that concern it
 * @param {(path: string, signal: AbortSignal) => Promise<object>} [read]  how to ask
 * @returns {{data: any, problem: object | null, loading: boolean, again: () => void}}
 *   data outlives a later problem, so that a passing failure does not empty the screen
 */
export function useResource(path, hints, read = get) {
  const [answer, setAnswer] = useState({ path: null, data: null, problem: null });
  const askAgain = useRef(() => {});

  useEffect(() => {
    if (path === null) return undefined;
    const abort = new AbortController();
    let timer = null;
    let asking = false;
    let missed = false;
    let askedAt = -Infinity;

    async function ask() {
      timer = null;
      if (asking) {
        missed = true;
        return;
      }
      asking = true;
      missed = false;
      askedAt = performance.now();
      const got = await read(path, abort.signal);
      if (abort.signal.aborted) return;
      asking = false;
      if (got.ok) {
        keep(path, got.data);
        setAnswer({ path, data: got.data, problem: null });
      } else if (got.kind === "unauthorized") {
        signedOut();
      } else {
        setAnswer((last) => ({ path, data: last.path === path ? last.data : null, problem: got }));
      }
      if (missed) soon();
    }
    function soon() {
      if (timer !== null || document.hidden) return;
      timer = setTimeout(ask, Math.max(GATHER_MS, askedAt + BETWEEN_MS - performance.now()));
    }
    askAgain.current = ask;
    if (kept.has(path)) setAnswer({ path, data: kept.get(path), problem: null });
    ask();
    const unsubscribe = onHint((hint) => {
      if (hint === "again" || hints.includes(hint)) soon();
    });
    // A page in the background asks nothing and catches up when it is looked at.
    document.addEventListener("visibilitychange", soon);
    return () => {
      abort.abort();
      clearTimeout(timer);
      unsubscribe();
      document.removeEventListener("visibilitychange", soon);
    };
  }, [path, hints.join()]);

  const current = answer.path === path ? answer : { data: null, problem: null };
  return {
    data: current.data,
    problem: current.problem,
    loading: path !== null && current.data === null && current.problem === null,
    again: () => askAgain.current(),
  };
}
