import { describe, expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { stringify } from "yaml";
import { ChartroomError } from "../oci/errors.ts";
import { samples } from "../testing/samples.ts";
import { streamOf } from "../testing/streams.ts";
import { entryLimit } from "./entry.ts";
import { type IndexEntry, type IndexReading, readIndex } from "./readIndex.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const read = (text: string | Uint8Array, pieceSize = 1 << 16): Promise<IndexEntry[]> => {
  const bytes = typeof text === "string" ? bytesOf(text) : text;
  return Array.fromAsync(readIndex(streamOf(bytes, { chunk: pieceSize })));
};
/** What an index gives, shortened: `name-version digest7 url…`, or the reason why not. */
const shown = (entries: readonly IndexEntry[]) =>
  entries.map((entry) =>
    "row" in entry
      ? [`${entry.row.name}-${entry.row.version}`, ...entry.row.urls].join(" ")
      : entry.error.message,
  );
const failure = (text: string | Uint8Array) =>
  read(text).then(
    () => "read",
    (error: unknown) => (error instanceof ChartroomError ? `${error.code}: ${error.message}` : error),
  );

const digest = "a905dedb01db68575cf591eb0b8f6fa1aa1343f0ec239615081e4b57590d8ae9";

describe("an index in YAML", () => {
  test("as Helm writes it: lists as deep as their key", async () => {
    const text = `apiVersion: v1
entries:
  keda:
  - apiVersion: v2
    appVersion: "2.20"
    created: "2026-07-31T09:12:31.05843566Z"
    description: |-
      urls:
      - not/one.tgz
    digest: ${digest}
    maintainers:
    - name: version
      email: a@example.com
    name: keda
    urls:
    - https://example.com/keda-2.20.2.tgz
    - keda-2.20.2.tgz
    version: 2.20.2
  - name: keda
    deprecated: true
    urls:
    - keda-1.0.0.tgz
    version: 1.0.0
  other:
  - name: other
    removed: true
    urls: [other-0.1.0.tgz]
    version: 0.1.0
generated: "2026-07-31T09:12:31Z"
`;
    const entries = await read(text);
    expect(entries).toMatchObject([
      {
        line: 4,
        row: {
          name: "keda",
          version: "2.20.2",
          urls: ["https://example.com/keda-2.20.2.tgz", "keda-2.20.2.tgz"],
          digest: `sha256:${digest}`,
          created: "2026-07-31T09:12:31.05843566Z",
          deprecated: false,
          removed: false,
        },
      },
      { line: 19, row: { version: "1.0.0", deprecated: true, digest: undefined, created: "" } },
      { line: 25, row: { name: "other", removed: true } },
    ]);
  });

  test("with Windows' line ends, a byte order mark, comments, quoted keys and flow style in an entry", async () => {
    const text = `\uFEFF# a licence\r
%YAML 1.1\r
---\r
# made by hand\r
"apiVersion": 'v1'\r
serverInfo: {contextPath: /x}\r
'entries': # all of them\r
    "a":\r
# between\r
        - {name: a, version: 1.0.0,\r
           urls: [a.tgz]}\r
        -\r
          "name": "a"\r
          "version": "2.0.0"\r
          "urls": ["b.tgz"]\r
    none: []\r
    nothing:\r
    b:\r
        - version: 0x\r
          urls: [c.tgz]\r
...\r
entries: ignored\r
`;
    expect(shown(await read(text))).toEqual([
      "a-1.0.0 a.tgz",
      "a-2.0.0 b.tgz",
      'Cannot read the entry of b at line 19 of the index: the version "0x" is not like 1.2.3',
    ]);
  });

  test("says what stands in a digest's place and is none", async () => {
    const written = ["", "0123456789abcdef0123", `SHA256:${"A".repeat(64)}`];
    const entries = written
      .map((text) => `  - version: 1.0.0\n    urls: [a]\n    digest: ${text}\n`)
      .join("");
    const rows = await read(`apiVersion: v1\nentries:\n  a:\n${entries}`);
    expect(rows.map((each) => ("row" in each ? `${each.row.digest} ${each.row.oddDigest}` : each))).toEqual([
      "undefined undefined",
      "undefined 0123456789abcdef0123",
      `sha256:${"a".repeat(64)} undefined`,
    ]);
  });

  test("keeps what a number would lose where it is quoted, and reads it as Helm where not", async () => {
    const text =
      "apiVersion: v1\nentries:\n  a:\n  - version: 1.10\n    urls: [a]\n  - version: '1.10'\n    urls: [a]\n";
    expect(shown(await read(text))).toEqual(["a-1.1 a", "a-1.10 a"]);
  });

  test.each([
    ["", "invalid: Cannot read the index: line 1: it is empty"],
    [" \n\n", "invalid: Cannot read the index: line 1: it is empty"],
    ["entries: {}\n", "invalid: Cannot read the index: line 1: it has no apiVersion"],
    ["<html>\n<body>\n", "invalid: Cannot read the index: line 1: it is a web page"],
    [
      "apiVersion: v1\nentries:\n  a: {x: 1}\n",
      "invalid: Cannot read the index: line 3: what follows the colon is not in block style",
    ],
    [
      "apiVersion: v1\nentries: {a: []}\n",
      "invalid: Cannot read the index: line 2: what follows the colon is not in block style",
    ],
    [
      "apiVersion: v1\nentries:\n  a:\n  a:\n",
      "invalid: Cannot read the index: line 4: the chart a is there twice",
    ],
    [
      "apiVersion: v1\nentries:\nentries:\n",
      "invalid: Cannot read the index: line 3: entries is there twice",
    ],
    [
      "apiVersion: v1\nentries:\n  - name: a\n",
      "invalid: Cannot read the index: line 3: an entry is where none is expected",
    ],
    [
      "apiVersion: v1\nentries:\n  a:\n   b:\n",
      "invalid: Cannot read the index: line 4: b is not indented as the charts before it",
    ],
    [
      "apiVersion: v1\nentries:\n\ta:\n",
      "invalid: Cannot read the index: line 3: a name and a colon are expected",
    ],
  ])("%p is refused with its line", async (text, says) => {
    expect(await failure(text)).toBe(says);
  });
});

describe("an entry that Helm skips is named and hides no other", () => {
  test.each([
    ["version: 1.0.0\n    urls: [a]\n    name: b", 'it is named "b" under "a"'],
    ["urls: [a]", "the version is missing"],
    ["version: latest\n    urls: [a]", 'the version "latest" is not like 1.2.3'],
    ["version: 1.0.0", "it has no URL"],
    [`version: 1.0.0\n    urls: [${"a,".repeat(17)}]`, "it has 17 URLs, expected 16 at most"],
    ["version: 1.0.0\n    urls: {a: b}", "urls is no list"],
    ["version: [1]\n    urls: [a]", "version is no text"],
    ["version: 1.0.0\n    urls: *all", "unresolved alias"],
    ["version: 1.0.0\n    urls: [&a a, *a", "flow sequence"],
  ])("%p", async (members, says) => {
    const text = `apiVersion: v1\nentries:\n  a:\n  - ${members}\n  - version: 2.0.0\n    urls: [a-2.tgz]\n`;
    const [bad, good] = shown(await read(text));
    expect(bad?.toLowerCase()).toContain(says.toLowerCase());
    expect(bad).toContain("at line 4");
    expect(good).toBe("a-2.0.0 a-2.tgz");
  });

  test("aliases that multiply are one of them", async () => {
    const bomb = Array.from({ length: 9 }, (_, i) => `&x${i + 1} [${`*x${i}, `.repeat(9)}]`).join(", ");
    const text = `apiVersion: v1\nentries:\n  a:\n  - version: 1.0.0\n    urls: [&x0 [a], ${bomb}]\n`;
    expect(shown(await read(text))).toEqual([expect.stringContaining("Cannot parse the entry of a")]);
  });
});

describe("an index in JSON", () => {
  test("is told by its first letter, and read wherever it is cut", async () => {
    const text = `\n {"apiVersion": "v1", "x": [{"entries": {"no": [{}]}}], "entries": {"a\\"b": [
      {"name": "a\\"b", "version": "1.0.0", "urls": ["a{[\\"}.tgz"], "description": "\\\\"}, null],
      "c": [{"version": "2.0.0", "urls": ["c.tgz"]}]}, "generated": "now"}\n`;
    for (const size of [1, 2, 3, 7, 1 << 16])
      expect(shown(await read(text, size))).toEqual(['a"b-1.0.0 a{["}.tgz', "c-2.0.0 c.tgz"]);
  });

  test.each([
    ['{"apiVersion": "v1"', "invalid: Cannot read the index: line 1: it ends in the middle"],
    ['{"apiVersion": "v1"]', 'invalid: Cannot read the index: line 1: "]" closes nothing'],
    [
      '{"apiVersion": "v1", "entries": {"a": [{]',
      'invalid: Cannot read the index: line 1: "]" closes nothing',
    ],
    ["{}", "invalid: Cannot read the index: line 1: it has no apiVersion"],
  ])("%p is refused", async (text, says) => {
    expect(await failure(text)).toBe(says);
  });
});

test("brackets without an end are refused before they are held", async () => {
  for (const head of ['{"x": ', '{"entries": {"a": ['])
    expect(await failure(head + "[".repeat(1000))).toContain("line 1: it is nested more than 1000 deep");
});

test("bytes that are not UTF-8 are refused", async () => {
  expect(await failure(new Uint8Array([0x61, 0xff, 0x0a]))).toBe(
    "invalid: Cannot read the index: it is not UTF-8",
  );
});

test("an endless line and an endless entry are refused before they are held", async () => {
  const endless = (head: string, piece: string) => {
    const pieces = bytesOf(piece);
    let sent = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent > (4 * entryLimit) / piece.length) return controller.close();
        controller.enqueue(sent++ === 0 ? bytesOf(head) : pieces);
      },
    });
    return Array.fromAsync(readIndex(stream)).then(
      () => "read",
      (error: Error) => `${error.message} (${sent <= (2 * entryLimit) / piece.length})`,
    );
  };
  const long = "x".repeat(65536);
  expect(await endless("apiVersion: ", long)).toContain(`more than ${entryLimit} characters (true)`);
  expect(await endless("entries:\n  a:\n  - x: y\n", `    y: ${long}\n`)).toContain("(true)");
  expect(await endless('{"entries": {"a": [{"x": "', long)).toContain("(true)");
});

const someText = fc.oneof(
  fc.stringMatching(/^[ -~]{0,40}$/),
  fc.constantFrom(
    "- a",
    "a: b",
    "# c",
    "|",
    "entries:",
    "line\nline: 2\n  - x",
    "'",
    '"',
    "é 漢",
    "~",
    "1e3",
  ),
);
const entryOf = fc.record(
  {
    description: someText,
    appVersion: someText,
    keywords: fc.array(someText, { maxLength: 3 }),
    annotations: fc.dictionary(fc.stringMatching(/^[a-z./-]{1,12}$/), someText, { maxKeys: 3 }),
    urls: fc.array(fc.webUrl(), { minLength: 1, maxLength: 2 }),
    version: fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20)).map((numbers) => numbers.join(".")),
    digest: fc.constant(digest),
  },
  { requiredKeys: ["urls", "version"] },
);
const anyIndex = fc.dictionary(
  fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/),
  fc.array(entryOf, { maxLength: 3 }),
  {
    maxKeys: 4,
  },
);

test("what a YAML library or JSON writes of any entries, in any style and cut anywhere, is read back", async () => {
  await fc.assert(
    fc.asyncProperty(
      anyIndex,
      fc.boolean(),
      fc.nat(80),
      fc.integer({ min: 1, max: 500 }),
      async (entries, indentSeq, lineWidth, size) => {
        const expected = Object.entries(entries).flatMap(([name, all]) =>
          all.map(({ version, urls }) => [`${name}-${version}`, ...urls].join(" ")),
        );
        const index = { apiVersion: "v1", entries, generated: "now" };
        expect(
          shown(await read(stringify(index, { indentSeq, lineWidth: lineWidth < 20 ? 0 : lineWidth }), size)),
        ).toEqual(expected);
        expect(shown(await read(JSON.stringify(index, null, lineWidth % 3), size))).toEqual(expected);
      },
    ),
    { numRuns: 150 },
  );
});

const folder = samples() ?? "";
const indexes = join(folder, "helm-fixtures", "index");

describe.if(folder !== "")("the sample indexes", () => {
  test("that Helm's own tests read are read", async () => {
    const found: Record<string, string[]> = {};
    for (const name of (await readdir(indexes)).filter((each) => each.includes("index")))
      found[name] = shown(await read(await readFile(join(indexes, name)))).map((each) =>
        each.replace(/ at line \d+/, ""),
      );
    expect(found["local-index.json"]).toEqual(found["local-index.yaml"] ?? []);
    expect(found["chartmuseum-index.yaml"]).toHaveLength(4);
    expect(found["local-index-unordered.yaml"]?.toSorted()).toEqual(found["local-index.yaml"]?.toSorted());
    for (const [name, rows] of Object.entries(found)) expect([name, rows.length > 0]).toEqual([name, true]);
  });

  test("keda's has 106 rows, each with a digest", async () => {
    const entries = await read(await readFile(join(folder, "keda", "index.yaml")));
    expect(entries).toHaveLength(106);
    expect(entries.filter((each) => !("row" in each) || each.row.digest === undefined)).toEqual([]);
  });
});

describe("what is for people", () => {
  const yaml = `apiVersion: v1
entries:
  a:
  - appVersion: 1.10
    description: >-
      version: of
      words
    keywords: [x, "y"]
    name: a
    urls: [a.tgz]
    version: 1.0.0
  b:
  - name: [
`;
  const asJson = JSON.stringify({
    apiVersion: "v1",
    entries: {
      a: [
        {
          ...{ name: "a", version: "1.0.0", urls: ["a.tgz"] },
          ...{ appVersion: "1.1", description: "version: of words", keywords: ["x", "y"] },
        },
      ],
      b: [{ name: 1 }],
    },
  });
  test.each([yaml, asJson])("is read on request, of one chart where only that is wanted", async (text) => {
    const about = { appVersion: "1.1", description: "version: of words", keywords: ["x", "y"] };
    const entries = (reading: IndexReading) => Array.fromAsync(readIndex(streamOf(bytesOf(text)), reading));
    const [first, other] = await entries({ described: true });
    expect(first).toMatchObject({ row: { name: "a", version: "1.0.0", about } });
    expect(other).toMatchObject({ chart: "b", error: { code: "invalid" } });
    const only = await entries({ chart: "a" });
    expect(only).toHaveLength(1);
    expect(only[0]).not.toHaveProperty("row.about");
  });
});
