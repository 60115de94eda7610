import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { digestOf } from "../oci/digest.ts";
import { asYaml } from "./config.ts";
import { Fields } from "./fields.ts";
import { parseGoYaml } from "./go/yaml.ts";
import { archiveUrl, chartsNamed, indexEntry } from "./indexEntry.ts";
import { readMetadata } from "./metadata.ts";

const digest = digestOf(new Uint8Array());
const text = fc.string({ unit: "binary", maxLength: 200 });
const lines = fc
  .array(fc.constantFrom("a", "- b", "  c: d", "", "'", '"', "#", "|", "\t", ": ", "\u2028x"), {
    maxLength: 8,
  })
  .map((each) => each.join("\n"));
const odd = fc.oneof(text, lines);

describe("an entry", () => {
  test("says in YAML what it says in JSON, whatever its author wrote", () => {
    const chart = fc.record({
      description: odd,
      home: odd,
      keywords: fc.array(odd, { maxLength: 3 }),
      maintainers: fc.array(fc.record({ name: odd, email: odd }), { maxLength: 2 }),
      annotations: fc.dictionary(fc.string({ maxLength: 20 }), odd, { maxKeys: 3 }),
      deprecated: fc.boolean(),
    });
    fc.assert(
      fc.property(chart, (members) => {
        const all = { apiVersion: "v2", name: "mychart", version: "1.0.0", ...members };
        const metadata = readMetadata(new Fields(asYaml(all, "Chart.yaml"), "Chart.yaml"));
        const { json, yaml } = indexEntry(metadata, digest, ["mychart-1.0.0.tgz"]);
        const document = `apiVersion: v1\nentries:\n  mychart:\n  - created: "x"\n${yaml}generated: "y"\n`;
        const parsed = parseGoYaml(new TextEncoder().encode(document), "index.yaml");
        expect(parsed).toEqual(
          asYaml(
            {
              apiVersion: "v1",
              entries: { mychart: [{ created: "x", ...JSON.parse(`{${json}}`) }] },
              generated: "y",
            },
            "x",
          ),
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe("an archive's URL", () => {
  for (const [name, version, url] of [
    ["mychart", "1.0.0", "mychart-1.0.0.tgz"],
    ["my-chart", "1.0.0-rc.1+b", "my-chart-1.0.0-rc.1+b.tgz"],
    ["mychart", "1.0.0-1", "-/mychart/mychart-1.0.0-1.tgz"],
    ["app", "1-2.0.0", "-/app/app-1-2.0.0.tgz"],
    ["a?b#c d", "1.0.0", "a%3Fb%23c%20d-1.0.0.tgz"],
  ] as const)
    test(`of ${name} ${version} is ${url}`, () =>
      expect(archiveUrl({ name: name as never, version })).toBe(url));

  test("is that of no other chart", () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,3}$/);
    const chart = fc.record({
      name: fc.array(word, { minLength: 1, maxLength: 3 }).map((each) => each.join("-")),
      version: fc.constantFrom("1", "1.2", "1.2.3", "v1", "1-2", "1.2.3-4", "1.2.3-rc.1", "1-a-2"),
    });
    fc.assert(
      fc.property(chart, chart, (a, b) => {
        const same = a.name === b.name && a.version === b.version;
        expect(archiveUrl(a as never) === archiveUrl(b as never)).toBe(same);
      }),
    );
  });
});

test("a file's name may mean several charts, the one of the longest name first", () => {
  expect(chartsNamed("app-1-2.0.0.tgz")).toEqual([
    { name: "app-1", version: "2.0.0" },
    { name: "app", version: "1-2.0.0" },
  ]);
  expect(chartsNamed("my-app-1.0.0-rc.1.tgz")).toEqual([{ name: "my-app", version: "1.0.0-rc.1" }]);
  for (const none of ["app.tgz", "app-x.tgz", "app-1.0.0.zip", ""]) expect(chartsNamed(none)).toEqual([]);
});

test("a file's name that no chart's could be is not taken apart", () => {
  expect(chartsNamed(`a${"-1".repeat(200)}.tgz`)).toEqual([]);
});
