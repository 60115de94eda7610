import { expect, test } from "bun:test";
import { ChartroomError } from "../oci/errors.ts";
import { exitCodes, explain } from "./exit.ts";

test("every code has the exit code that the founding page fixes", () => {
  expect(exitCodes).toEqual({
    invalid: 1,
    remote: 1,
    storage: 1,
    busy: 1,
    usage: 2,
    not_found: 3,
    not_allowed: 4,
    conflict: 5,
    not_verified: 6,
    network: 7,
    interrupted: 130,
  });
});

test("our own errors are told as they are", () => {
  const { code, message, hint } = explain(new ChartroomError("conflict", "taken", { hint: "use --force" }));
  expect({ code, message, hint }).toEqual({ code: "conflict", message: "taken", hint: "use --force" });
});

test("a full disk is told in words, with its place and what to do", () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {
    code: "ENOSPC",
    path: "/store/x",
  });
  const { code, message, hint } = explain(full);
  expect(code).toBe("storage");
  expect(message).toBe("Cannot use /store/x: the disk is full");
  expect(hint).toContain("Free some space");
});

test("an error of another room is read by its code", () => {
  expect(explain(Object.assign(new Error("no such host"), { code: "network", hint: "check it" }))).toEqual({
    code: "network",
    message: "no such host",
    hint: "check it",
  });
});

test("an abort is an interruption, whatever threw it", () => {
  expect(explain(new DOMException("stop", "AbortError")).code).toBe("interrupted");
});

test("what SQLite says of a broken file is told as the catalog's, with what to do", () => {
  const broken = Object.assign(new Error("database disk image is malformed"), { code: "SQLITE_CORRUPT" });
  expect(explain(broken)).toEqual({
    code: "storage",
    message: "Cannot read the catalog: database disk image is malformed",
    hint: expect.stringContaining("restore a backup"),
  });
});
