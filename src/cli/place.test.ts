import { describe, expect, test } from "bun:test";
import { digestOf } from "../oci/digest.ts";
import { parseTag } from "../oci/reference.ts";
import { codeOf } from "../testing/errors.ts";
import { formatOne, isBelow, parsePlace, targetIn } from "./place.ts";

const digest = digestOf(new Uint8Array());
/** What a place says, in short: where, and what of it. */
function short(text: string): string[] {
  const place = parsePlace(text);
  const where = {
    registry: () => "",
    store: () => "store",
    layout: () => `in ${"directory" in place && place.directory}`,
  };
  const what =
    place.what === undefined
      ? "nothing"
      : isBelow(place.what)
        ? `below ${place.what.prefix}`
        : formatOne(place.what);
  return [where[place.kind](), what];
}

const host = "localhost:5000/a/b";
test.each([
  [`${host}:1`, ["", `${host}:1`]],
  [`oci://${host}:1+b`, ["", `${host}:1_b`]],
  [`${host}@${digest}`, ["", `${host}@${digest}`]],
  [host, ["", host]],
  ["localhost:5000/", ["", "below localhost:5000/"]],
  ["oci://localhost:5000/a/", ["", "below localhost:5000/a/"]],
  ["oci://store:5000/a:1", ["", "store:5000/a:1"]],
  ["store:", ["store", "nothing"]],
  ["store:/", ["store", "below "]],
  [`store:${host}:1`, ["store", `${host}:1`]],
  ["store:localhost:5000/a/", ["store", "below localhost:5000/a/"]],
  ["store:v1", ["store", "v1"]],
  ["store:mychart:0.1.0", ["store", "mychart:0.1.0"]],
  [`store:@${digest}`, ["store", `@${digest}`]],
  ["layout:dir", ["in dir", "nothing"]],
  ["layout:./dir/", ["in ./dir/", "below "]],
  ["layout:dir:/", ["in dir", "below "]],
  [`layout:dir:${host}:1`, ["in dir", `${host}:1`]],
  [`layout:dir:${host}:1@${digest}`, ["in dir", `${host}:1@${digest}`]],
  ["layout:/var/dir:v1", ["in /var/dir", "v1"]],
  [`layout:dir:@${digest}`, ["in dir", `@${digest}`]],
  [`layout:dir@${digest}`, ["in dir", `@${digest}`]],
  ["layout:dir:localhost:5000/", ["in dir", "below localhost:5000/"]],
  // Drives, and directories whose names have colons.
  [String.raw`layout:C:\charts\dir`, [String.raw`in C:\charts\dir`, "nothing"]],
  [String.raw`layout:C:\charts\dir:v1`, [String.raw`in C:\charts\dir`, "v1"]],
  [`layout:C:/charts/dir:${host}:1`, ["in C:/charts/dir", `${host}:1`]],
  ["layout:/at/10:30:v1", ["in /at/10:30", "v1"]],
  ["layout:/at/10:30 h:v1", ["in /at/10:30 h", "v1"]],
  ["layout:/at/a:b/c:", ["in /at/a:b/c", "nothing"]],
])("%s", (text, expected) => {
  expect(short(text)).toEqual(expected);
});

test.each([
  "",
  "a",
  "localhost:5000/A/",
  "localhost:5000//",
  "/a/",
  "https://localhost/a:1",
  "layout:",
  "store:localhost:5000/A:1",
  "store:upper/CASE:1",
  "store:@sha256:1",
  "store:a b",
])("%p is no place", async (text) => {
  expect(await codeOf(() => parsePlace(text))).toBe("usage");
});

describe("what a reference is called in the target", () => {
  const what = (text: string) => parsePlace(text).what;
  const from = (text: string) => {
    const one = what(text);
    if (one === undefined || isBelow(one)) throw new Error("expected one");
    return one;
  };
  const called = (to: string, source: string, prefix = "") =>
    formatOne(targetIn(what(to), from(source), prefix));

  test("a target without a tag keeps the source's", () => {
    expect(called("h/x", "localhost:5000/a/b:1")).toBe("h/x:1");
    expect(called("h/x:2", "localhost:5000/a/b:1")).toBe("h/x:2");
    expect(called("layout:dir:v2", "localhost:5000/a/b:1")).toBe("v2");
    expect(called("h/x", `localhost:5000/a/b@${digest}`)).toBe("h/x");
  });

  test("the store and a directory alone keep the whole name", () => {
    for (const to of ["store:", "layout:dir", "layout:dir/", "store:/"]) {
      expect(called(to, "localhost:5000/a/b:1")).toBe("localhost:5000/a/b:1");
      expect(called(to, "store:v1")).toBe("v1");
    }
  });

  test("below a prefix stands what stood behind the source's, or behind its host", () => {
    expect(called("h/", "localhost:5000/a/b:1")).toBe("h/a/b:1");
    expect(called("h/m/", "localhost:5000/a/b:1", "localhost:5000/")).toBe("h/m/a/b:1");
    expect(called("h/m/", "localhost:5000/a/b:1", "localhost:5000/a/")).toBe("h/m/b:1");
    expect(called("store:h/m/", "localhost:5000/a/b:1", "localhost:5000/a/")).toBe("h/m/b:1");
    expect(targetIn(what("h/m/"), { repository: "mychart", tag: parseTag("1") }, "").repository).toBe(
      "h/m/mychart",
    );
  });
});
