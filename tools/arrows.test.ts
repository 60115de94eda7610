import { describe, expect, test } from "bun:test";
import { circles, type Graph, graphOf, pathBetween, withoutComments } from "./imports.ts";
import { sources } from "./sources.ts";

const everything = [
  "oci",
  "http",
  "files",
  "chart",
  "blobs",
  "remote",
  "catalog",
  "layout",
  "registry",
  "migrate",
  "adopt",
  "notify",
];

/** What each room may import beside itself: the table of docs/architecture.md. `type` in front: its types alone. */
const arrows: Record<string, readonly string[]> = {
  oci: [],
  http: [],
  files: [],
  chart: ["oci"],
  blobs: ["oci", "files"],
  remote: ["oci", "http", "files"],
  catalog: ["oci", "files", "type chart"],
  layout: ["oci", "chart", "blobs", "files"],
  registry: ["oci", "chart", "blobs", "catalog", "files"],
  migrate: ["oci", "http", "files", "chart"],
  adopt: ["oci", "files", "blobs", "catalog", "registry"],
  notify: ["oci", "http", "catalog", "registry"],
  web: ["oci", "chart", "registry"],
  server: ["oci", "http", "chart", "registry", "type notify", "web"],
  cli: [...everything, "web", "server", "package.json"],
  main: ["cli"],
  testing: [...everything, "web", "server", "cli", "main"],
};

/** What is named by one file alone outside its own room: which storage it is, is the wiring's to say. */
const wiring = { file: "src/cli/wiring.ts", hides: /^src\/(catalog\/(sqlite|postgres)|blobs\/s3)\b/ };

/** Rooms that are to run on Node and Deno too, and the small modules in them that may touch Bun. */
const portable = ["oci", "chart", "http", "files", "layout", "remote", "blobs"];
const touchesBun = ["src/http/fetch.ts", "src/files/lock.ts", "src/oci/hash.ts"];

const isTest = (path: string) => /\.(test|suite)\.ts$/.test(path);
/** The room that a file stands in; `main` for src/main.ts, the path itself for what lies outside src. */
const roomOf = (path: string) => /^src\/(\w+)[/.]/.exec(path)?.[1] ?? path;

/** A person's sentence for each import that the table forbids, with the path that leads there from the entry. */
function forbidden(graph: Graph): string[] {
  return [...graph].flatMap(([path, imports]) => {
    const room = roomOf(path);
    const may = isTest(path) ? [...(arrows[room] ?? []), "testing"] : (arrows[room] ?? []);
    return imports.flatMap(({ to, line, typeOnly }) => {
      if (/^(node:|bun\b|@?[a-z][^.]*$)/.test(to)) return [];
      const there = roomOf(to);
      const trail = (why: string) => {
        const way = pathBetween(graph, "src/main.ts", path) ?? [path];
        return [`${way.join(" → ")}:${line} → ${to}: ${why}`];
      };
      if (
        wiring.hides.test(to) &&
        room !== there &&
        path !== wiring.file &&
        !isTest(path) &&
        room !== "testing"
      )
        return trail(`only ${wiring.file} may name it`);
      if (to === "?") return isTest(path) ? [] : trail("what it loads is computed");
      if (isTest(to) && !isTest(path)) return trail("a test is imported by tests alone");
      if (room === there || may.includes(there) || (typeOnly && may.includes(`type ${there}`))) return [];
      return trail(`${room} may not import ${there}`);
    });
  });
}

/** What brings node's streams along, 8 MiB and 10 ms of a registry's start: asked for late, by `process.getBuiltinModule`. */
const withStreams = /^node:(crypto|http|https|net|stream|tls|zlib)$/;
const ofRegistry = /^src\/(adopt|blobs|catalog|cli\/registry|notify|registry|server)\//;

const loadingStreams = (graph: Graph) =>
  [...graph]
    .filter(([path]) => ofRegistry.test(path) && !isTest(path))
    .flatMap(([path, imports]) =>
      imports
        .filter(({ to, typeOnly }) => !typeOnly && withStreams.test(to))
        .map(({ to }) => `${path} → ${to}`),
    );

const bunIn = (files: ReadonlyMap<string, string>) =>
  [...files]
    .filter(([path]) => portable.includes(roomOf(path)) && !isTest(path) && !touchesBun.includes(path))
    .filter(([, source]) => /\bBun\b\s*[.[]|["']bun(:\w+)?["']/.test(withoutComments(source)))
    .map(([path]) => path);

describe("the rooms", () => {
  const files = sources("src", ".ts");
  const graph = graphOf(files);

  test("are those of the table", () => {
    expect([...new Set([...graph.keys()].map(roomOf))].filter((room) => !(room in arrows))).toEqual([]);
  });
  test("import what the table allows", () => expect(forbidden(graph)).toEqual([]));
  test("have no circle of imports", () => expect(circles(graph)).toEqual([]));
  test("of a registry load node's streams when they are asked for", () =>
    expect(loadingStreams(graph)).toEqual([]));
  test("that are to be a library leave Bun to the modules named for it", () =>
    expect(bunIn(files)).toEqual([]));
});

describe("this test", () => {
  const found = (files: Record<string, string>) => forbidden(graphOf(new Map(Object.entries(files))));

  test("fails with the path of imports that leads there", () => {
    const files = {
      "src/main.ts": 'import { run } from "./cli/run.ts";',
      "src/cli/run.ts": 'const load = async () => (await import("./chart/save.ts")).save;',
      "src/cli/chart/save.ts": 'import {\n  a,\n  b,\n} from "../../chart/archive.ts";',
      "src/chart/archive.ts": 'import { open } from "../layout/layout.ts";',
    };
    expect(found(files)).toEqual([
      "src/main.ts → src/cli/run.ts → src/cli/chart/save.ts → src/chart/archive.ts:1 → src/layout/layout.ts: chart may not import layout",
    ]);
  });

  for (const [what, source] of Object.entries({
    "a type": 'import type { A } from "../http/a.ts";',
    "a side effect": 'import "../http/a.ts";',
    "an export": 'export * from "../http/a.ts";',
    "a named export over lines": 'export {\n  a,\n} from "../http/a.ts";',
    "a dynamic import": 'const a = () => import("../http/a.ts");',
    "a type's import": 'let a: import("../http/a.ts").A;',
    "a worker": 'new Worker(new URL("../http/a.ts", import.meta.url));',
    "a way out of src": 'import a from "../../tools/a.ts";',
    "package.json": 'import { version } from "../../package.json";',
    testing: 'import { a } from "../testing/a.ts";',
    "a suite": 'import { a } from "./a.suite.ts";',
  }))
    test(`sees ${what}`, () => expect(found({ "src/oci/x.ts": source })).toHaveLength(1));

  test("leaves alone comments, packages, node's modules and what is allowed", () => {
    expect(
      found({
        "src/oci/x.ts":
          '// import { a } from "../http/a.ts";\n/* import "../http/b.ts"; */\nimport "./y.ts";',
        "src/chart/x.ts": 'import { a } from "../oci/a.ts";\nimport { b } from "yaml";\nimport "node:fs";',
        "src/catalog/x.ts": 'import type { Chart } from "../chart/chart.ts";',
        "src/oci/x.test.ts": 'import "bun:test";\nimport "../testing/a.ts";\nimport "./x.suite.ts";',
        "src/cli/wiring.ts": 'import { a } from "../catalog/sqlite.ts";',
      }),
    ).toEqual([]);
  });

  test("holds tests to their room's arrows, types to types, and storage to the wiring", () => {
    expect(found({ "src/oci/x.test.ts": 'import "../http/a.ts";' })).toHaveLength(1);
    expect(found({ "src/catalog/x.ts": 'import { a } from "../chart/chart.ts";' })).toHaveLength(1);
    expect(found({ "src/registry/x.ts": 'import { a } from "../catalog/sqlite.ts";' })).toHaveLength(1);
    expect(found({ "src/cli/serve.ts": 'const a = import("../blobs/s3.ts");' })).toHaveLength(1);
  });

  test("refuses an import that is computed", () => {
    expect(found({ "src/oci/x.ts": "import(name)", "src/oci/x.test.ts": "import(name)" })).toEqual([
      "src/oci/x.ts:1 → ?: what it loads is computed",
    ]);
  });

  test("sees a circle, however long, and once", () => {
    const graph = graphOf(
      new Map([
        ["src/a.ts", 'import "./b.ts";'],
        ["src/b.ts", 'import type { C } from "./c.ts";'],
        ["src/c.ts", 'import "./a.ts";'],
        ["src/d.ts", 'import "./a.ts";'],
      ]),
    );
    expect(circles(graph)).toEqual([["src/a.ts", "src/b.ts", "src/c.ts", "src/a.ts"]]);
  });

  test("sees what loads node's streams, and not its types", () => {
    const source = 'import { isIP } from "node:net";\nimport type { TLSSocket } from "node:tls";';
    expect(loadingStreams(graphOf(new Map([["src/server/x.ts", source]])))).toEqual([
      "src/server/x.ts → node:net",
    ]);
  });
  test("sees Bun in a portable room, and not in comments or elsewhere", () => {
    const files = new Map([
      ["src/oci/a.ts", "Bun.hash(x)"],
      ["src/chart/b.ts", 'import { gc } from "bun";'],
      ["src/blobs/c.ts", 'import { Database } from "bun:sqlite";'],
      ["src/oci/d.ts", "// Bun.hash is slower here, see https://example.org"],
      ["src/oci/e.test.ts", "Bun.gc()"],
      ["src/cli/f.ts", "Bun.stdin"],
      ["src/files/lock.ts", 'import { dlopen } from "bun:ffi";'],
    ]);
    expect(bunIn(files)).toEqual(["src/oci/a.ts", "src/chart/b.ts", "src/blobs/c.ts"]);
  });
});
