import { HttpError } from "./errors.ts";

/** Tries after the first. */
const retries = 3;
/** In ms; doubled with every try. */
const firstWait = 250;
/** In ms, where the caller does not say: who asks us to wait longer has their answer passed on. Docker Hub's limit may last for hours. */
const longestWait = 300_000;
/** In ms: a longer back-off tells the other side nothing more. */
const longestBackOff = 8000;
const passing = new Set([429, 502, 503, 504]);

/**
 * How long to wait before a request is sent again, in ms; undefined when its outcome is to be taken as it is.
 * @param outcome the answer that came, or what was thrown
 * @param tries how often the request was sent already, from 1
 * @param now ms since 1970, for a `Retry-After` that is a date
 * @param reached whether the server was there before: then it refuses connections because it starts again
 * @param longest the longest wait, in ms, that a server may ask for
 */
export function waitBeforeRetry(
  outcome: { status: number; headers: Headers } | { thrown: unknown },
  tries: number,
  now: number,
  reached = false,
  longest = longestWait,
): number | undefined {
  if (tries > retries) return undefined;
  if ("thrown" in outcome) {
    const { thrown } = outcome;
    const reason = thrown instanceof HttpError ? thrown.reason : undefined;
    return reason === "dropped" || (reason === "refused" && reached) ? backOff(tries) : undefined;
  }
  if (!passing.has(outcome.status)) return undefined;
  const asked = retryAfter(outcome.headers.get("retry-after"), now);
  if (asked === undefined) return backOff(tries);
  // Never sooner than we were asked to.
  return asked <= longest ? asked + Math.random() * Math.min(asked / 10, 1000) : undefined;
}

/** How long to wait after so many tries, from 1, when nobody says how long: in ms. */
export function backOff(tries: number): number {
  const wait = Math.min(firstWait * 2 ** (tries - 1), longestBackOff);
  // Some jitter, or many clients that were turned away together come back together.
  return wait * (0.8 + 0.4 * Math.random());
}

/** `Retry-After` in ms from now: seconds or a date (RFC 9110 §10.2.3); undefined when it is absent or neither. */
export function retryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
