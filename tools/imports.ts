import { posix } from "node:path";

/** One import. */
export interface Import {
  /** What it names, as a path from the project's root where it is one of our files; `?` when it is computed. */
  readonly to: string;
  readonly line: number;
  /** Whether only types come over: `import type`. */
  readonly typeOnly: boolean;
}

/** Our files by their path from the root, each with what it imports. */
export type Graph = ReadonlyMap<string, readonly Import[]>;

// A string or a comment, whichever begins first: so that neither a `//` in a URL nor a quote in a comment misleads.
const stringOrComment =
  /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;

/** Source without its comments; lines stay where they are. */
export const withoutComments = (source: string): string =>
  source.replace(stringOrComment, (found) => (found.startsWith("/") ? found.replace(/[^\n]/g, " ") : found));

// `import x from "y"`, `export * from "y"`, `import "y"`, `import("y")` of a value or a type, `new URL("y", import.meta.url)`.
const forms = [
  /^\s*(?:import|export)\s+(?<typeOnly>type\s)?[^;"'`()]*?\bfrom\s*["'](?<to>[^"'\n]+)["']/gm,
  /^\s*import\s*["'](?<to>[^"'\n]+)["']/gm,
  /\bimport\s*\(\s*(?:["'`](?<to>[^"'`\n]+)["'`])?/g,
  /\bnew\s+URL\(\s*["'`](?<to>[^"'`\n]+)["'`],\s*import\.meta\.url/g,
];

/** What a file imports, types and dynamic imports and workers included. */
export function importsOf(path: string, source: string): Import[] {
  const code = withoutComments(source);
  return forms.flatMap((form) =>
    Array.from(code.matchAll(form), ({ index, groups, 0: text }) => {
      const line = code.slice(0, index + text.length).split("\n").length;
      const { to = "?", typeOnly } = groups ?? {};
      const file = to.startsWith(".") ? posix.join(posix.dirname(path), to) : to;
      return { to: file, line, typeOnly: typeOnly !== undefined };
    }),
  );
}

/** The graph of all files given by path and source. */
export const graphOf = (files: ReadonlyMap<string, string>): Graph =>
  new Map(Array.from(files, ([path, source]) => [path, importsOf(path, source)]));

/** The shortest path of imports between two files, both included; undefined when there is none. */
export function pathBetween(graph: Graph, from: string, to: string): string[] | undefined {
  const before = new Map<string, string>();
  const queue = [from];
  for (let file = queue.shift(); file !== undefined; file = queue.shift())
    for (const next of graph.get(file) ?? []) {
      if (before.has(next.to)) continue;
      before.set(next.to, file);
      if (next.to !== to) queue.push(next.to);
      else return walkBack(before, from, to);
    }
  return undefined;
}

function walkBack(before: ReadonlyMap<string, string>, from: string, to: string): string[] {
  const path = [to];
  do path.unshift(before.get(path[0]!)!);
  while (path[0] !== from);
  return path;
}

/** Every circle of imports, once, as the path from a file back to itself. */
export function circles(graph: Graph): string[][] {
  const told = new Set<string>();
  return [...graph.keys()].flatMap((file) => {
    const circle = told.has(file) ? undefined : pathBetween(graph, file, file);
    for (const each of circle ?? []) told.add(each);
    return circle === undefined ? [] : [circle];
  });
}
