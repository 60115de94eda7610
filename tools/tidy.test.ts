import { expect, test } from "bun:test";
import { withoutComments } from "./imports.ts";
import { root, sources } from "./sources.ts";

const src = sources("src", ".ts");
const code = new Map(
  ["src", "tests", "tools", "bench"].flatMap((folder) => [...sources(folder, ".ts", ".mjs")]),
);
const all = new Map([
  ...code,
  ...sources("docs", ".md"),
  ...sources(".ci", "run"),
  ...sources("tools", "clients"),
]);

/** `path:line: text` for each line of the files that matches. */
function lines(files: ReadonlyMap<string, string>, pattern: RegExp): string[] {
  return [...files].flatMap(([path, text]) =>
    text.split("\n").flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])),
  );
}

const none = (title: string, files: ReadonlyMap<string, string>, pattern: RegExp) =>
  test(title, () => expect(lines(files, pattern)).toEqual([]));

// Each pattern is written so that it does not find itself here.
none(
  "nothing is left for later",
  code,
  /\b(T[O]DO|F[I]XME|X[X]X|H[A]CK|un[i]mplemented|not [i]mplemented)\b/,
);
none("no test is narrowed or switched off", code, /\b(test|it|describe)\.(on[l]y|ski[p]|tod[o])\(/);
none("no check is silenced", code, /@ts-(ign[o]re|nochec[k]|expec[t]-error)|biome-ign[o]re/);
none("no path of one machine", all, /[/](farm|root)[/]|[/]work[/](main|shared|steering|\.)/);

test("no value is of every type", () => {
  const bare = new Map([...code].map(([path, text]) => [path, withoutComments(text)]));
  expect(lines(bare, /(:|\bas|<|\|) an[y]\b|<an[y]\b|\ban[y]\[\]/)).toEqual([]);
});

test("no file under src is longer than 300 lines, no test of one than 400", () => {
  const limit = (path: string) => (/\.(test|suite)\.ts$/.test(path) ? 400 : 300);
  const long = [...src]
    .filter(([path, text]) => text.split("\n").length > limit(path) + 1)
    .map(([path]) => path);
  expect(long).toEqual([]);
});

test("every exported function and class under src says what it does", () => {
  const exported = /^export (?:async )?(?:function\*?|class|const \w+(?::[^=]+)? = (?:async )?(?:<|\())/;
  const bare = [...src].flatMap(([path, text]) => {
    const rows = text.split("\n");
    return rows.flatMap((line, i) =>
      exported.test(line) && !/\*\/\s*$/.test(rows[i - 1] ?? "") ? [`${path}:${i + 1}: ${line}`] : [],
    );
  });
  expect(bare).toEqual([]);
});

test("what these tests read is there", () => {
  expect(src.size).toBeGreaterThan(10);
  expect([...all.keys()]).toContain(".ci/run");
  expect(root).not.toEndWith("/");
});
