import { useEffect, useState } from "../vendor/preact-hooks.mjs";

/**
 * A value that several parts of the page share.
 *
 * @template T
 * @param {T} initial
 */
export function createStore(initial) {
  let value = initial;
  const listeners = new Set();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener(value);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Read a store in a component and draw it again on every change. */
export function useStore(store) {
  const [value, setValue] = useState(store.get);
  useEffect(() => {
    setValue(() => store.get()); // it may have changed between drawing and this effect
    return store.subscribe((next) => setValue(() => next));
  }, [store]);
  return value;
}
