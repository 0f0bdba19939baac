// The service's HTTP API. A failure that can be expected is a value, so that every caller meets it:
//   { ok: true, data } | { ok: false, kind, title, detail, errors, code, about }
// kind: unauthorized | forbidden | missing | conflict | changed | busy | invalid | server | network
const ROOT = "/api/v1";
const PATIENCE_MS = 20_000;

const KINDS = { 401: "unauthorized", 403: "forbidden", 404: "missing", 409: "conflict", 412: "changed", 429: "busy" };

/** What an answer that is no success means to its caller. */
export function failure(status, problem) {
  return {
    ok: false,
    kind: KINDS[status] ?? (status < 500 ? "invalid" : "server"),
    title: problem.title ?? `HTTP ${status}`,
    detail: problem.detail ?? "",
    errors: problem.errors ?? [],
    code: problem.code ?? "",
    about: problem.about ?? {},
  };
}

export const UNREACHED = { ok: false, kind: "network", title: "", detail: "", errors: [], code: "", about: {} };

async function request(path, { signal, ...options } = {}) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), PATIENCE_MS);
  signal?.addEventListener("abort", () => abort.abort());
  try {
    const answer = await fetch(ROOT + path, { ...options, signal: abort.signal, credentials: "same-origin" });
    if (answer.ok) {
      return { ok: true, data: answer.status === 204 ? null : await answer.json() };
    }
    return failure(answer.status, await answer.json().catch(() => ({})));
  } catch (error) {
    // fetch and json() fail with these when nobody answers, or not with JSON.
    if (!(error instanceof TypeError || error instanceof DOMException || error instanceof SyntaxError)) throw error;
    return UNREACHED;
  } finally {
    clearTimeout(timer);
  }
}

export const get = (path, signal) => request(path, { signal });

// A form on another site can send a cookie but not this header.
export const OURS = { "X-Sharpeyes": "1" };

/** `revision` is the one that was read: the service refuses if somebody was quicker. */
function send(method, path, body, { revision, type = "application/json" } = {}) {
  const match = revision === undefined ? {} : { "If-Match": `"${revision}"` };
  return request(path, {
    method,
    headers: { ...OURS, ...match, "Content-Type": type },
    body: JSON.stringify(body),
  });
}

export const post = (path, body, options) => send("POST", path, body, options);
export const put = (path, body, options) => send("PUT", path, body, options);

/** Change the fields that are given; null empties one (RFC 7396). */
export const patch = (path, body, revision) =>
  send("PATCH", path, body, { revision, type: "application/merge-patch+json" });

export const remove = (path) => request(path, { method: "DELETE", headers: OURS });

/** Where the browser itself fetches a file. */
export const fileAddress = (path) => ROOT + path;

/** A path with a query; empty values are left out. */
export function withQuery(path, query) {
  const kept = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return kept.length ? `${path}?${new URLSearchParams(kept)}` : path;
}
