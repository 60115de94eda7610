import { expect, test } from "bun:test";
import { HttpError } from "./errors.ts";
import { retryAfter, waitBeforeRetry } from "./retry.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const answered = (status: number, headers: Record<string, string> = {}) => ({
  status,
  headers: new Headers(headers),
});

test.each([
  ["5", 5000],
  [" 0 ", 0],
  ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
  ["Wed, 31 Dec 2025 23:59:00 GMT", 0],
  ["soon", undefined],
  [null, undefined],
])("Retry-After: %s", (value, wait) => {
  expect(retryAfter(value, now)).toBe(wait);
});

test("passing faults are tried again, each time after a longer wait, and three times at most", () => {
  for (const outcome of [answered(429), answered(503), { thrown: new HttpError("dropped", "closed") }]) {
    const waits = [1, 2, 3, 4].map((tries) => waitBeforeRetry(outcome, tries, now));
    expect(waits[3]).toBeUndefined();
    expect(waits.slice(0, 3).every((wait, i) => wait! >= 200 * 2 ** i && wait! <= 300 * 2 ** i)).toBe(true);
  }
});

test.each([
  answered(200),
  answered(404),
  answered(500),
  { thrown: new HttpError("refused", "refused") },
  { thrown: new HttpError("untrusted", "untrusted") },
  { thrown: new TypeError("a fault of ours") },
])("others are not", (outcome) => {
  expect(waitBeforeRetry(outcome, 1, now)).toBeUndefined();
});

test("the server's own word counts, seconds or a date, and never less; unless it asks for too long", () => {
  const wait = (value: string) => waitBeforeRetry(answered(429, { "retry-after": value }), 1, now);
  for (const value of ["60", "Thu, 01 Jan 2026 00:01:00 GMT"]) {
    expect(wait(value)).toBeGreaterThanOrEqual(60_000);
    expect(wait(value)).toBeLessThan(61_000);
  }
  expect(wait("0")).toBe(0);
  expect(new Set(Array.from({ length: 20 }, () => wait("60"))).size).toBeGreaterThan(1);
  expect(wait("300")).toBeDefined();
  expect(wait("3600")).toBeUndefined();
});
