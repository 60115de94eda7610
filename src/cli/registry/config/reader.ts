import { ChartroomError } from "../../../oci/errors.ts";
import { parseDuration } from "./duration.ts";
import { parseSize } from "./size.ts";
import type { Branch, Tree } from "./tree.ts";

/** What a timer counts to, in ms: 24.8 days. One that is given more ends at once. */
const longestWait = 2 ** 31 - 1;

/** Reads values of a configuration by path. What is not there, null or empty is undefined. */
export class ConfigReader {
  readonly #root: Branch;

  constructor(root: Branch) {
    this.#root = root;
  }

  /** What stands at a path like `http.tls.clientcas`. */
  at(path: string): Tree | undefined {
    let tree: Tree | undefined = { at: "", ...this.#root };
    for (const name of path.split("."))
      tree =
        tree?.kind === "map"
          ? tree.members.get(name)
          : tree?.kind === "list"
            ? tree.items[Number(name)]
            : undefined;
    return tree;
  }

  /** @throws ChartroomError `usage`, as all these do, when something else stands there than is asked for */
  text(path: string): string | undefined {
    const tree = this.at(path);
    if (tree === undefined || (tree.kind === "scalar" && tree.text === "")) return undefined;
    if (tree.kind === "scalar") return tree.text;
    throw this.refuse(path, "a text");
  }

  /** One of `words`, whatever its case. */
  word<T extends string>(path: string, words: readonly T[]): T | undefined {
    const text = this.text(path)?.toLowerCase();
    if (text === undefined) return undefined;
    const found = words.find((word) => word === text);
    if (found === undefined) throw this.refuse(path, words.join(" or "));
    return found;
  }

  flag(path: string): boolean | undefined {
    const tree = this.at(path);
    if (tree?.kind === "scalar" && typeof tree.value === "boolean") return tree.value;
    const text = this.text(path)?.toLowerCase();
    if (text === undefined) return undefined;
    if (text !== "true" && text !== "false") throw this.refuse(path, "true or false");
    return text === "true";
  }

  /** A whole number, zero or more. */
  integer(path: string): number | undefined {
    const text = this.text(path);
    if (text === undefined) return undefined;
    if (!/^\d{1,15}$/.test(text)) throw this.refuse(path, "a whole number");
    return Number(text);
  }

  /** A size in bytes. */
  size(path: string): number | undefined {
    const text = this.text(path);
    const size = text === undefined ? undefined : parseSize(text);
    if (text !== undefined && size === undefined) throw this.refuse(path, "a size like 10GiB");
    return size;
  }

  /** A duration in ms. */
  duration(path: string): number | undefined {
    const text = this.text(path);
    const duration = text === undefined ? undefined : parseDuration(text);
    if (text !== undefined && duration === undefined) throw this.refuse(path, "a duration like 30s or 1h30m");
    return duration;
  }

  /** A duration in ms that a timer is to wait: a longer one than it can is cut down to that. */
  wait(path: string): number | undefined {
    const duration = this.duration(path);
    return duration === undefined ? undefined : Math.min(duration, longestWait);
  }

  /** The texts of a list; none where there is no list. */
  texts(path: string): string[] {
    const count = this.#count(path);
    return Array.from({ length: count }, (_, index) => this.text(`${path}.${index}`) ?? "").filter(
      (text) => text !== "",
    );
  }

  /** The members of a map with one text or more each. */
  entries(path: string): [name: string, texts: string[]][] {
    const tree = this.at(path);
    if (tree === undefined || (tree.kind === "scalar" && tree.text === "")) return [];
    if (tree.kind !== "map") throw this.refuse(path, "a map");
    return [...tree.members].map(([name, member]) => {
      const scalars = member.kind === "list" ? member.items : [member];
      return [name, scalars.flatMap((each) => (each.kind === "scalar" ? [each.text] : []))];
    });
  }

  /** The paths of a list's items. */
  items(path: string): string[] {
    return Array.from({ length: this.#count(path) }, (_, index) => `${path}.${index}`);
  }

  /** An error that names the key, where it was said, what was expected and what was found, if that is no secret. */
  refuse(path: string, expected: string, shown: "shown" | "secret" = "shown"): ChartroomError {
    const tree = this.at(path);
    const found =
      shown === "secret" && tree !== undefined
        ? "another"
        : tree?.kind === "scalar"
          ? JSON.stringify(tree.text)
          : tree === undefined
            ? "nothing"
            : `a ${tree.kind}`;
    return new ChartroomError(
      "usage",
      `Cannot use ${path}${tree === undefined ? "" : ` (${tree.at})`}: expected ${expected}, found ${found}`,
    );
  }

  #count(path: string): number {
    const tree = this.at(path);
    if (tree === undefined || (tree.kind === "scalar" && tree.text === "")) return 0;
    if (tree.kind !== "list") throw this.refuse(path, "a list");
    return tree.items.length;
  }
}
