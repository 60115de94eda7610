import { expect, test } from "bun:test";
import { HttpError, type HttpReason } from "../http/errors.ts";
import { ChartroomError } from "../oci/errors.ts";
import { mayPass, Patience } from "./patience.ts";

const fault = new HttpError("dropped", "closed");

test("waits longer after each fault, gives up half a minute later, and begins anew with each progress", async () => {
  const waits: number[] = [];
  const patience = new Patience(async (ms) => void waits.push(ms));
  await patience.wait(fault);
  patience.renew();
  waits.length = 0;
  while (waits.length < 7) await patience.wait(fault);
  await expect(patience.wait(fault)).rejects.toBe(fault);
  expect(waits).toHaveLength(7);
  for (const [i, base] of [250, 500, 1000, 2000, 4000, 8000, 8000].entries()) {
    expect(waits[i]).toBeGreaterThanOrEqual(base * 0.8);
    expect(waits[i]).toBeLessThanOrEqual(base * 1.2);
  }
});

test("ends when the user stops it", async () => {
  const stopped = new DOMException("stopped", "AbortError");
  await expect(new Patience(() => Promise.reject(stopped)).wait(fault)).rejects.toBe(stopped);
});

test.each<[HttpReason, boolean]>([
  ["dropped", true],
  ["timeout", true],
  ["refused", true],
  ["unreachable", true],
  ["unresolved", true],
  ["untrusted", false],
  ["handshake", false],
  ["garbage", false],
  ["redirect", false],
])("%s may pass: %p", (reason, may) => {
  expect(mayPass(new HttpError(reason, ""))).toBe(may);
});

test("a registry that is away or has too much to do may come back; one that failed otherwise does not", () => {
  expect(mayPass(new ChartroomError("busy", ""))).toBe(true);
  for (const code of ["remote", "not_allowed", "not_found", "not_verified"] as const)
    expect(mayPass(new ChartroomError(code, ""))).toBe(false);
});
