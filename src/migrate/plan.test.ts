import { describe, expect, test } from "bun:test";
import { parseGlob } from "../chart/archive/glob.ts";
import { parseRange } from "../chart/range.ts";
import { parseDigest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import type { Filters } from "./filters.ts";
import type { IndexRow } from "./indexRow.ts";
import { planOf } from "./plan.ts";
import type { IndexEntry } from "./readIndex.ts";

const digest = (digit: string) => parseDigest(`sha256:${digit.repeat(64)}`);
const row = (name: string, version: string, more: Partial<IndexRow> = {}): IndexEntry => ({
  row: {
    ...{ name, version, urls: [`${name}-${version}.tgz`], digest: digest("a"), created: "" },
    ...{ deprecated: false, removed: false, ...more },
  },
  line: 1,
});
const bad = (chart: string): IndexEntry => ({ chart, line: 1, error: new ChartroomError("invalid", "bad") });

/** A plan in words. */
async function planned(entries: readonly IndexEntry[], filters: Filters = {}): Promise<string[]> {
  async function* all() {
    yield* entries;
  }
  const plan = await Array.fromAsync(planOf(all(), filters));
  return plan.map((each) => {
    if ("step" in each) return `${each.step.repository}:${each.step.tag}`;
    if ("leftOut" in each) return `${each.leftOut.row.name} ${each.leftOut.row.version} ${each.leftOut.why}`;
    return "bad" in each ? `${each.bad.chart}: ${each.bad.error.message}` : `filtered ${each.filtered}`;
  });
}

describe("a plan", () => {
  test("knows the tag without a v, where no other row has it, wanted or not", async () => {
    async function* all() {
      const old = { created: "2025-01-01T00:00:00Z" };
      yield* [row("a", "v1.0.0"), row("a", "v1.1.0+b"), row("a", "v1.2.0"), row("a", "1.2.0", old)];
    }
    const plan = await Array.fromAsync(planOf(all(), { since: Date.parse("2026-01-01") }));
    expect(plan.map((each) => "step" in each && `${each.step.tag} ${each.step.plainTag}`)).toEqual([
      false,
      "v1.0.0 1.0.0",
      "v1.1.0_b 1.1.0_b",
      "v1.2.0 undefined",
    ]);
  });

  test("has a step for each row, a + of a version a _ in its tag, and each bad entry", async () => {
    expect(await planned([row("a", "1.0.0+b"), bad("a"), row("b", "v2")])).toEqual([
      "a: bad",
      "a:1.0.0_b",
      "b:v2",
    ]);
  });

  test("leaves out what is withdrawn", async () => {
    expect(await planned([row("a", "1.0.0", { removed: true }), row("a", "2.0.0")])).toEqual([
      "a 1.0.0 is withdrawn",
      "a:2.0.0",
    ]);
  });

  test("takes the older of two rows of one version, the first where they do not say, and tells of the other", async () => {
    const old = { created: "2020-01-01T00:00:00Z", digest: digest("b") };
    const [step] = await Array.fromAsync(
      planOf(
        (async function* () {
          yield row("a", "1.0.0", { created: "2021-01-01T00:00:00Z" });
          yield row("a", "1.0.0", old);
        })(),
        {},
      ),
    ).then((plan) => plan.filter((each) => "step" in each));
    expect(step?.step.row.digest).toBe(digest("b"));
    expect(await planned([row("a", "1.0.0"), row("a", "1.0.0", old)])).toEqual([
      "a 1.0.0 is there twice; the older one is taken",
      "a:1.0.0",
    ]);
    expect(await planned([row("a", "1.0.0"), row("a", "1.0.0")])).toEqual([
      "a 1.0.0 is there twice, the same",
      "a:1.0.0",
    ]);
  });

  test("gives no two charts one repository, and no chart a name that is none", async () => {
    const plan = await planned([row("My Chart", "1.0.0"), row("my-chart", "2.0.0"), row("---", "1.0.0")]);
    expect(plan).toEqual([
      "my-chart:1.0.0",
      "my-chart: Cannot name a repository for my-chart: my-chart is what My Chart is called already",
      "---: Cannot name a repository for ---: no letter or digit is in its name",
    ]);
  });

  test("refuses a version that no tag can hold", async () => {
    const [said] = await planned([row("a", `1.0.0-${"x".repeat(130)}`)]);
    expect(said).toContain("Cannot parse tag");
  });
});

describe("filters", () => {
  const rows = [
    row("a", "1.0.0", { created: "2020-01-01T00:00:00Z" }),
    row("a", "2.0.0-rc1", { created: "2022-01-01T00:00:00Z" }),
    row("a", "1.10.0", { deprecated: true }),
    row("a", "1.9.0", { created: "2021-06-01T00:00:00Z" }),
    bad("b"),
    row("b", "1.0.0"),
  ];
  const globs = (...patterns: string[]) => patterns.map((pattern) => parseGlob(pattern)!);
  const cases: [string, Filters, string[]][] = [
    ["charts", { charts: globs("c*", "b") }, ["filtered 4", "b: bad", "b:1.0.0"]],
    ["exclude", { exclude: globs("b"), latest: 1 }, ["filtered 3", "a:2.0.0-rc1", "filtered 2"]],
    [
      "range",
      { exclude: globs("b"), range: parseRange("^1.5") },
      ["filtered 2", "a:1.10.0", "a:1.9.0", "filtered 2"],
    ],
    [
      "since",
      { exclude: globs("b"), since: Date.parse("2021-01-01T00:00:00Z") },
      ["filtered 1", "a:2.0.0-rc1", "a:1.10.0", "a:1.9.0", "filtered 2"],
    ],
    [
      "latest, of what the others leave",
      { exclude: globs("b"), latest: 2, skipPrerelease: true },
      ["filtered 2", "a:1.10.0", "a:1.9.0", "filtered 2"],
    ],
    [
      "deprecated",
      { exclude: globs("b"), latest: 2, skipDeprecated: true },
      ["filtered 2", "a:2.0.0-rc1", "a:1.9.0", "filtered 2"],
    ],
  ];
  test.each(cases)("%s", async (_name, filters, plan) => expect(await planned(rows, filters)).toEqual(plan));
});
