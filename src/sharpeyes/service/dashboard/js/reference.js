// What hardly ever changes and many parts of a page need: asked for once, and shared.
import { useEffect } from "../vendor/preact-hooks.mjs";
import { get } from "./api.js";
import { onHint } from "./live.js";
import { createStore, useStore } from "./store.js";

const FRESH_MS = 10 * 60_000;
const held = new Map();

function holderOf(path) {
  if (!held.has(path)) held.set(path, { store: createStore(null), asking: false, askedAt: -Infinity });
  return held.get(path);
}

async function refresh(path) {
  const holder = holderOf(path);
  if (holder.asking || performance.now() - holder.askedAt < FRESH_MS) return;
  holder.asking = true;
  const answer = await get(path);
  holder.asking = false;
  if (!answer.ok) return; // whoever shows it next asks again
  holder.askedAt = performance.now();
  holder.store.set(answer.data);
}

/** What the API holds at a path; null until it has answered. */
export function useReference(path) {
  useEffect(() => {
    refresh(path);
    return onHint((hint) => hint === "again" && refresh(path));
  }, [path]);
  return useStore(holderOf(path).store);
}

/** For another person other things may be there. */
export function forgetReferences() {
  for (const holder of held.values()) {
    holder.askedAt = -Infinity;
    holder.store.set(null);
  }
}
