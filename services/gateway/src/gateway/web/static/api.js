// The public JSON API: one place that knows its manner (problem+json, idempotency keys, time-outs, trying again).

import { known, t } from "./texts.js";

const PATIENCE = 15_000;
/** Milliseconds before each further try; none begins later than `PATIENCE` after the first. */
const PAUSES = [500, 1_500, 3_000];
const LONGEST_WISH = 5_000;
/** What says that nobody was there to answer, the first being no connection at all. */
const PASSING = [0, 502, 503, 504];

/** A refusal or a failure: `code` as in `/problems/<code>`; everything the answer said is in `body`. */
export class Problem extends Error {
  constructor(code, status, body = {}, wish = 0) {
    super(code);
    this.code = code;
    this.status = status;
    this.body = body;
    /** How many milliseconds the answer wished us to wait before we try again. */
    this.wish = wish;
  }

  /** Whether nobody was there to answer, which another time may be otherwise. */
  get passing() {
    return PASSING.includes(this.status);
  }

  /** What to tell the person. */
  get text() {
    if (known(`problem.${this.code}`)) return t(`problem.${this.code}`);
    return this.body.detail || t("problem.unexpected");
  }
}

/** One try. What can be asked twice without harm goes by `get`, `question` or `once`, which try again. */
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
  throw new Problem(code, response.status, answer, wishOf(response));
}

function wishOf(response) {
  const seconds = Number(response.headers.get("Retry-After"));
  return Math.min(LONGEST_WISH, (seconds || 0) * 1000);
}

/** Until there is an answer, for as long as one may be hoped for. Where the browser is offline it is not. */
async function patiently(attempt) {
  const last = performance.now() + PATIENCE;
  for (const pause of PAUSES) {
    try {
      return await attempt();
    } catch (problem) {
      // The pages of a whole clinic shall not all come back in the same moment.
      const wait = Math.max(pause, problem.wish) * (1 + Math.random() / 4);
      if (!problem.passing || !navigator.onLine || performance.now() + wait > last) throw problem;
      await new Promise((resume) => setTimeout(resume, wait));
    }
  }
  return attempt();
}

export const get = (path, query = {}) => patiently(() => call("GET", path + queryOf(query)));

/** A question that goes by POST, for what shall not stand in an address (a phone, a draft): it changes nothing. */
export const question = (path, body) => patiently(() => call("POST", path, body));

export function queryOf(query) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

/** A POST that can be repeated safely: the same body to the same path keeps its key until it has been answered. */
export function once() {
  let last = null;
  return async (path, body) => {
    const request = path + JSON.stringify(body);
    if (last?.request !== request) last = { request, key: crypto.randomUUID() };
    const mine = last;
    const answered = () => {
      if (last === mine) last = null;
    };
    try {
      const answer = await patiently(() => call("POST", path, body, { "Idempotency-Key": mine.key }));
      answered();
      return answer;
    } catch (problem) {
      // Without an answer the order may have been carried out: only then is the key needed again.
      if (problem.status && problem.status < 500) answered();
      throw problem;
    }
  };
}
