import { expect, test } from "bun:test";
import { absentDigest } from "../testing/artifacts.ts";
import { locationOf, offsetOf, withDigest } from "./uploadLocation.ts";

test.each<[Record<string, string>, number]>([
  [{ range: "0-99" }, 100],
  [{ range: "bytes=0-99" }, 100],
  [{ range: "0-0" }, 0],
  [{ range: "0--1" }, 0],
  [{ range: "5-99" }, 0],
  [{ range: "0-0", "upload-offset": "1" }, 1],
  [{ range: "0-99", "upload-offset": "" }, 100],
  [{}, 0],
])("a session that says %p", (headers, offset) => {
  expect(offsetOf(new Headers(headers))).toBe(offset);
});

test("a location keeps its query as it is", () => {
  const base = new URL("https://h/v2/a/blobs/uploads/");
  const digest = { mediaType: "", digest: absentDigest(), size: 0 };
  const end = `digest=${encodeURIComponent(absentDigest())}`;
  const put = (location: string) =>
    withDigest(locationOf(new Headers({ location }), base, "push"), digest).href;
  expect(put("/v2/x?_state=a%2Bb+c~%7E")).toBe(`https://h/v2/x?_state=a%2Bb+c~%7E&${end}`);
  expect(put("https://other/x#fragment")).toBe(`https://other/x?${end}`);
  expect(put("1")).toBe(`https://h/v2/a/blobs/uploads/1?${end}`);
  for (const location of ["", "http://[", "file:///x"])
    expect(() => put(location)).toThrow("did not say where");
  expect(() => put("http://h/x")).toThrow("leads from https to http");
});
