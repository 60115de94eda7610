import { expect, test } from "bun:test";
import { nearest } from "./suggest.ts";

const saved = ["localhost:5000/myrepo/mychart:2.7.0", "localhost:5000/myrepo/other:1.0.0"];

test("a slip of the finger finds what was meant", () => {
  expect(nearest("localhost:5000/myrepo/mychrt:2.7.0", saved)).toBe(saved[0]!);
  expect(nearest("localhost:5000/myrepo/mychart:2.7.1", saved)).toBe(saved[0]!);
});

test("something else altogether finds nothing", () => {
  expect(nearest("registry.example.com/team/web:1", saved)).toBeUndefined();
  expect(nearest("a", [])).toBeUndefined();
});
