import { expect, test } from "bun:test";
import { seal, unseal } from "./sealed.ts";

test("what is sealed comes back, and shows nothing of itself", () => {
  for (const text of ["", "team/secret", "é\n".repeat(500)]) {
    const sealed = seal(text);
    expect(sealed).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(unseal(sealed)).toBe(text);
    expect(seal(text)).not.toBe(sealed);
  }
  expect(seal("a").length).toBe(seal("a".repeat(255)).length);
});

test("what was changed, cut, or sealed by nobody is nothing", () => {
  const sealed = seal("team/secret");
  for (let i = 0; i < sealed.length - 1; i++) {
    const other = sealed[i] === "A" ? "B" : "A";
    expect(unseal(sealed.slice(0, i) + other + sealed.slice(i + 1))).toBeUndefined();
    expect(unseal(sealed.slice(0, i))).toBeUndefined();
  }
  for (const text of ["", "team/secret", "A".repeat(80)]) expect(unseal(text)).toBeUndefined();
});
