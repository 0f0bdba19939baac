// The service's stream of hints: it says that something changed, the pages ask what.
//   live: { state: "connecting" | "live" | "lost", heardAt }   heardAt: this machine's clock, ms
import { createStore } from "./store.js";
import { askSession } from "./session.js";

const HINTS = ["status", "event", "incident", "camera"];
// Two heartbeats of 5 s and a little.
const SILENCE_MS = 12_000;
const REOPEN_MS = 2000;

export const live = createStore({ state: "connecting", heardAt: null });
const listeners = new Set();
let source = null;
let reopening = null;
let serverAheadMs = 0;

/** The server's time in ms, as well as the last heartbeat lets us know it. */
export const now = () => Date.now() + serverAheadMs;

/** Be told of hints: listener("status" | "event" | "camera" | "again"); "again" = hints were missed. */
export function onHint(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const tell = (hint) => [...listeners].forEach((listener) => listener(hint));

function heard() {
  const wasLost = live.get().state === "lost";
  live.set({ state: "live", heardAt: Date.now() });
  if (wasLost) tell("again");
}

function lost() {
  if (live.get().state !== "lost") live.set({ ...live.get(), state: "lost" });
}

function open() {
  source?.close();
  clearTimeout(reopening);
  source = new EventSource("/api/v1/stream");
  source.addEventListener("open", heard);
  source.addEventListener("heartbeat", (message) => {
    const serverNow = Date.parse(JSON.parse(message.data).now);
    if (!Number.isNaN(serverNow)) serverAheadMs = serverNow - Date.now();
    heard();
  });
  for (const hint of HINTS) {
    source.addEventListener(hint, () => {
      heard();
      tell(hint);
    });
  }
  source.addEventListener("error", () => {
    lost();
    // The browser tries again by itself unless the answer was not a stream at all.
    if (source.readyState === EventSource.CLOSED) {
      reopening = setTimeout(open, REOPEN_MS);
      askSession(); // it may be that we may no longer look
    }
  });
}

/** Start listening; returns how to stop. */
export function listen() {
  open();
  const watch = setInterval(() => {
    const { state, heardAt } = live.get();
    // A dead network leaves the stream open and silent: only the clock notices.
    if (state === "live" && Date.now() - heardAt > SILENCE_MS) {
      lost();
      open();
    }
  }, 1000);
  return () => {
    clearInterval(watch);
    clearTimeout(reopening);
    source?.close();
    live.set({ state: "connecting", heardAt: null });
  };
}
