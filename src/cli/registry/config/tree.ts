import { type Document, isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { ChartroomError } from "../../../oci/errors.ts";

/** A value of a configuration, and where it was said: `config.yml:12`, or the name of a variable. */
export type Tree = { readonly at: string } & (Scalar | Branch | List);

export interface Scalar {
  readonly kind: "scalar";
  readonly value: unknown;
  /** As it was written, without quotes: a text that looks like a number or a boolean stays what it is. */
  readonly text: string;
}
export interface Branch {
  readonly kind: "map";
  readonly members: Map<string, Tree>;
}
export interface List {
  readonly kind: "list";
  readonly items: Tree[];
}

/** More than this is no configuration: an alias that holds itself, or aliases of aliases. */
const limits = { depth: 50, nodes: 10_000 };

/**
 * YAML as CNCF Distribution reads it (go-yaml v2, YAML 1.1: `yes` and `on` are true), with the place of each value.
 * @param source what to call the text: a path, whose lines are told, or a variable
 * @throws ChartroomError `usage` with the line, when it is no YAML
 */
export function parseTree(text: string, source: { path: string } | { variable: string }): Tree {
  const lines = new LineCounter();
  const document = parseDocument(text, { version: "1.1", lineCounter: lines, logLevel: "silent" });
  const placeOf = (offset: number | undefined) =>
    "variable" in source
      ? source.variable
      : `${source.path}${offset === undefined ? "" : `:${lines.linePos(offset).line}`}`;
  const [wrong] = document.errors;
  if (wrong !== undefined) {
    const line = text.split("\n")[lines.linePos(wrong.pos[0]).line - 1] ?? "";
    throw new ChartroomError("usage", `Cannot read ${placeOf(wrong.pos[0])}: ${firstLine(wrong.message)}`, {
      // Patterns of repositories look so, and YAML takes a word behind `*` for an alias.
      hint: /(?:^|[\s{,])\*+\s*:/.test(line)
        ? 'Expected YAML, in which what begins with * is quoted: "**".'
        : "Expected YAML.",
      cause: wrong,
    });
  }
  return new Reader(document, placeOf).read(document.contents, placeOf(undefined), 0);
}

const firstLine = (text: string): string => text.split("\n")[0]?.replace(/:$/, "") ?? "";

class Reader {
  #nodes = 0;
  readonly #document: Document;
  readonly #placeOf: (offset: number | undefined) => string;

  constructor(document: Document, placeOf: (offset: number | undefined) => string) {
    this.#document = document;
    this.#placeOf = placeOf;
  }

  read(node: unknown, at: string, depth: number): Tree {
    if (depth > limits.depth || ++this.#nodes > limits.nodes)
      throw new ChartroomError("usage", `Cannot read ${at}: it is too large or too deep for a configuration`);
    if (isAlias(node)) return this.read(node.resolve(this.#document), at, depth + 1);
    if (isSeq(node))
      return {
        at,
        kind: "list",
        items: node.items.map((item) => this.read(item, this.#place(item) ?? at, depth + 1)),
      };
    if (isMap(node)) return { at, kind: "map", members: this.#members(node.items, at, depth) };
    const value = isScalar(node) ? node.value : null;
    const text = isScalar(node) && value !== null ? (node.source ?? String(value)) : "";
    return { at, kind: "scalar", value, text };
  }

  #members(pairs: readonly unknown[], at: string, depth: number): Map<string, Tree> {
    const members = new Map<string, Tree>();
    for (const pair of pairs) {
      if (!isPair(pair)) continue;
      const key = isScalar(pair.key) ? (pair.key.source ?? String(pair.key.value)) : String(pair.key);
      const member = this.read(pair.value, this.#place(pair.key) ?? at, depth + 1);
      if (key !== "<<") members.set(key, member);
      else
        for (const [name, merged] of mergedMembers(member)) if (!members.has(name)) members.set(name, merged);
    }
    return members;
  }

  #place(node: unknown): string | undefined {
    const offset =
      isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined;
    return offset === undefined ? undefined : this.#placeOf(offset);
  }
}

/** What a merge key brings: a map's members, or those of several. */
const mergedMembers = (tree: Tree): [string, Tree][] =>
  tree.kind === "map" ? [...tree.members] : tree.kind === "list" ? tree.items.flatMap(mergedMembers) : [];
