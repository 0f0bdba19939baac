// The service's HTTP API. A failure that can be expected is a value, so that every caller meets it:
//   { ok: true, data } | { ok: false, kind, title, detail, errors }
// kind: unauthorized | forbidden | missing | invalid | server | network
const ROOT = "/api/v1";
const PATIENCE_MS = 20_000;

const KINDS = { 401: "unauthorized", 403: "forbidden", 404: "missing" };

async function request(path, { signal, ...options } = {}) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), PATIENCE_MS);
  signal?.addEventListener("abort", () => abort.abort());
  try {
    const answer = await fetch(ROOT + path, { ...options, signal: abort.signal, credentials: "same-origin" });
    if (answer.ok) {
      return { ok: true, data: answer.status === 204 ? null : await answer.json() };
    }
    const problem = await answer.json().catch(() => ({}));
    const kind = KINDS[answer.status] ?? (answer.status < 500 ? "invalid" : "server");
    return {
      ok: false,
      kind,
      title: problem.title ?? `HTTP ${answer.status}`,
      detail: problem.detail ?? "",
      errors: problem.errors ?? [],
    };
  } catch (error) {
    // fetch and json() fail with these when nobody answers, or not with JSON.
    if (!(error instanceof TypeError || error instanceof DOMException || error instanceof SyntaxError)) throw error;
    return { ok: false, kind: "network", title: "", detail: "", errors: [] };
  } finally {
    clearTimeout(timer);
  }
}

export const get = (path, signal) => request(path, { signal });

// A form on another site can send a cookie but not this header.
const OURS = { "X-Sharpeyes": "1" };

export const post = (path, body) =>
  request(path, {
    method: "POST",
    headers: { ...OURS, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

export const remove = (path) => request(path, { method: "DELETE", headers: OURS });

/** A path with a query; empty values are left out. */
export function withQuery(path, query) {
  const kept = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return kept.length ? `${path}?${new URLSearchParams(kept)}` : path;
}
