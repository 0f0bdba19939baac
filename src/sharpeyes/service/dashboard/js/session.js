// Who looks, and what they may see.
//   { state: "asking" | "out" | "in" | "unreachable", name, scopes, anonymous, version }
import { get, post, remove } from "./api.js";
import { createStore } from "./store.js";

export const session = createStore({ state: "asking" });

export async function askSession() {
  const answer = await get("/session");
  if (answer.ok) session.set({ state: "in", ...answer.data });
  else if (answer.kind === "unauthorized") signedOut();
  // A passing failure must not take the screen away from somebody who was signed in.
  else if (session.get().state !== "in") session.set({ state: "unreachable", problem: answer });
  return answer;
}

/** @param {{token: string} | {login_name: string, password: string}} proof */
export async function signIn(proof) {
  const answer = await post("/session", proof);
  return answer.ok ? askSession() : answer;
}

export async function signOut() {
  await remove("/session");
  await askSession();
}

export function signedOut() {
  session.set({ state: "out" });
}

/** Whether the server will show this; the server decides, this only avoids asking in vain. */
export const may = (scope) => session.get().scopes?.includes(scope) ?? false;

// What each page asks the service for.
const NEEDS = {
  overview: "cameras:read",
  incidents: "incidents:read",
  map: "cameras:read",
  cameras: "cameras:read",
  events: "events:read",
  endpoints: "endpoints:read",
  coverage: "cameras:read",
  imports: "cameras:write",
  audit: "audit:read",
  accounts: "accounts:read",
};

/** Whether a page has anything to show to whoever is signed in: if not, it asks for nothing. */
export const mayOpen = (page) => !(page in NEEDS) || may(NEEDS[page]);

/** The pages that whoever is signed in has a use for, in their order. */
export const usefulPages = () => Object.keys(NEEDS).filter((page) => may(NEEDS[page]));
