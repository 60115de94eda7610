import { expect, test } from "bun:test";
import { tryVersion } from "../../chart/version.ts";
import { digestOf } from "../../oci/digest.ts";
import type { SiteRow } from "./rows.ts";
import { SiteIndex } from "./site.ts";

const rowOf = (ref: string, archive = "an archive"): SiteRow => ({
  ...{ ref, name: "app", version: "1.0.0", parsed: tryVersion("1.0.0")!, created: 0, files: [] },
  ...{ digest: digestOf(Buffer.from(archive)), json: `"urls":["${ref}"]`, yaml: "" },
});

test("of an archive that is there twice the same one is listed, whichever was read first", () => {
  const orders = [
    ["a.tgz", "b.tgz"],
    ["b.tgz", "a.tgz"],
  ];
  const written = orders.map((refs) => {
    const index = new SiteIndex();
    expect(refs.map((ref) => index.add(rowOf(ref)))).toEqual([true, false]);
    return index.write("json");
  });
  expect(written[0]).toContain("a.tgz");
  expect(written[1]).toBe(written[0]!);
});

test("another archive under the same name and version is refused", () => {
  const index = new SiteIndex();
  index.add(rowOf("a.tgz"));
  expect(() => index.add(rowOf("b.tgz", "another"))).toThrow(
    "Two charts are called app 1.0.0: a.tgz and b.tgz",
  );
});
