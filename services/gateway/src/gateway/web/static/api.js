// The public JSON API: one place that knows its manner (problem+json, idempotency keys, time-outs).

import { known, t } from "./texts.js";

const PATIENCE = 15_000;

/** A refusal or a failure: `code` as in `/problems/<code>`; everything the answer said is in `body`. */
export class Problem extends Error {
  constructor(code, status, body = {}) {
    super(code);
    this.code = code;
    this.status = status;
    this.body = body;
  }

  /** What to tell the person. */
  get text() {
    if (known(`problem.${this.code}`)) return t(`problem.${this.code}`);
    return this.body.detail || t("problem.unexpected");
  }
}

export async function call(method, path, body, headers = {}) {
  let response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      credentials: "same-origin",
      headers: {
        Accept: "application/json",
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch {
    throw new Problem("offline", 0);
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const code = String(answer.type || "").split("/").pop() || "unexpected";
  throw new Problem(code, response.status, answer);
}

export const get = (path, query = {}) => call("GET", path + queryOf(query));

export function queryOf(query) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

/** A POST that can be repeated safely: the same body to the same path keeps its key until it has been answered. */
export function once() {
  let last = { request: null, key: null };
  return async (path, body) => {
    const request = path + JSON.stringify(body);
    if (last.request !== request) last = { request, key: crypto.randomUUID() };
    try {
      const answer = await call("POST", path, body, { "Idempotency-Key": last.key });
      last = { request: null, key: null };
      return answer;
    } catch (problem) {
      // Without an answer the order may have been carried out: only then is the key needed again.
      if (problem.status && problem.status < 500) last = { request: null, key: null };
      throw problem;
    }
  };
}
