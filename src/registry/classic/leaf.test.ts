import { expect, test } from "bun:test";
import fc from "fast-check";
import { tryVersion } from "../../chart/version.ts";
import { digestOf } from "../../oci/digest.ts";
import { parseTag } from "../../oci/reference.ts";
import { ChartList } from "./chartList.ts";
import type { Listed } from "./leaf.ts";

const listed = (version: string): Listed => ({
  tag: parseTag(version),
  version,
  parsed: tryVersion(version)!,
  content: digestOf(new TextEncoder().encode(version)),
  created: 1,
});

const filled = (versions: readonly string[]): ChartList => {
  const list = new ChartList("mychart");
  for (const version of versions) list.set(parseTag(version), listed(version));
  return list;
};
const shown = (list: ChartList) =>
  list.leaves.all.map((leaf) => [leaf.first, leaf.last, ...leaf.versions.map(({ version }) => version)]);

const many = Array.from({ length: 500 }, (_, i) => `1.${Math.floor(i / 10)}.${i % 10}`);
const number = fc.integer({ min: 0, max: 30 });
const steps = fc.array(fc.tuple(fc.boolean(), number, number), { maxLength: 300 });

test("versions come newest first, as Helm sorts them, and equal ones by their tags", () => {
  const list = filled(["1.2.0", "1.10.0", "v1.10.0", "1.2.0-rc.1", "2.0.0-alpha", "1.2", "1.2.0+b"]);
  expect(list.versions.map(({ version }) => version)).toEqual([
    "2.0.0-alpha",
    "1.10.0",
    "v1.10.0",
    "1.2",
    "1.2.0",
    "1.2.0+b",
    "1.2.0-rc.1",
  ]);
});

test("leaves have at most 64 versions, all of them, the first and the last marked", () => {
  const list = filled(many);
  const [leaves, versions] = [list.leaves.all, list.versions];
  expect(leaves.flatMap((leaf) => leaf.versions)).toEqual([...versions]);
  expect(Math.max(...leaves.map((leaf) => leaf.versions.length))).toBeLessThanOrEqual(64);
  expect(leaves.map((leaf) => leaf.first)).toEqual(leaves.map((_, i) => i === 0));
  expect(leaves.map((leaf) => leaf.last)).toEqual(leaves.map((_, i) => i === leaves.length - 1));
  expect(leaves.length).toBeLessThan(20);
});

test("a new version leaves all but the newest leaves as they are", () => {
  const list = filled(many);
  const before = new Set(list.leaves.all);
  list.set(parseTag("2.0.0"), listed("2.0.0"));
  const fresh = list.leaves.all.filter((leaf) => !before.has(leaf));
  expect(fresh.length).toBeLessThanOrEqual(2);
  expect(fresh[0]?.versions[0]?.version).toBe("2.0.0");
});

test("whatever came and went, and in which order, the same versions have the same leaves", () => {
  fc.assert(
    fc.property(steps, (each) => {
      const list = new ChartList("mychart");
      for (const [comes, major, minor] of each) {
        const version = `${major}.${minor}.0`;
        list.set(parseTag(version), comes ? listed(version) : undefined);
        if (minor % 3 === 0) expect(list.leaves.all.length).toBeGreaterThanOrEqual(0);
      }
      expect(shown(list)).toEqual(shown(filled(list.versions.map(({ version }) => version).reverse())));
    }),
  );
});
