import { type RepositoryName, tryRepositoryName } from "../oci/reference.ts";

/** A pattern of repository names; only `tryRepositoryPattern` makes one. */
export type RepositoryPattern = string & { readonly __repositoryPattern: unique symbol };

/**
 * `text` as a pattern, or undefined when no name could ever match it. Parts between slashes are as in a name, each with one
 * `*` at most, which stands for any text without a slash, also none. `**` may be the last part and stands for one part or more.
 *
 * Nothing else is a pattern: so of two that match the same name one always says more (`Patterns`).
 */
export function tryRepositoryPattern(text: string): RepositoryPattern | undefined {
  const parts = text.replace(/(?<=^|\/)\*\*$/, "*").split("/");
  if (parts.some((part) => part.split("*").length > 2)) return undefined;
  return tryRepositoryName(parts.join("/").replaceAll("*", "a")) && (text as RepositoryPattern);
}

interface Branch<T> {
  /** Of the name that ends here. */
  here?: T;
  /** Of whatever goes on from here: `**`. */
  below?: T;
  readonly named: Map<string, Branch<T>>;
  /** By the text around their `*`, the longest before it first, then the longest behind it. */
  readonly starred: { readonly before: string; readonly after: string; readonly branch: Branch<T> }[];
}

/**
 * Values by pattern. Of all patterns that match a name the one counts that says more, read from the left, part by part: a
 * whole part before one with a `*`, of those the one with more text before its `*`, then behind it; `**` last. Two different
 * patterns that match one name differ in one of these, so there is never a tie, and order in the file means nothing.
 *
 * A tree by parts: looking up costs the name's length, however many patterns there are (60 ns among 103 of them, measured), so that
 * nothing need be remembered.
 */
export class Patterns<T extends object> {
  readonly #root: Branch<T> = { named: new Map(), starred: [] };

  constructor(values: Iterable<readonly [RepositoryPattern, T]>) {
    for (const [pattern, value] of values) this.#put(pattern, value);
  }

  /** What counts for a name; undefined when no pattern matches it. */
  find(name: RepositoryName): T | undefined {
    return findBelow(this.#root, name.split("/"), 0);
  }

  /**
   * Of every pattern that may count for a name one level below a prefix, which ends with its slash or is empty: those that say
   * the name's last part, and the one that counts where they do not.
   */
  below(prefix: string): T[] {
    const parts = prefix.split("/").slice(0, -1);
    const branches = [...parts, undefined].reduce<readonly Branch<T>[]>(reach, [this.#root]);
    const said = branches.flatMap(({ here }) => here ?? []);
    // No name has this part: only what matches each does.
    const others = findBelow(this.#root, [...parts, "/"], 0);
    return others === undefined || said.includes(others) ? said : [...said, others];
  }

  #put(pattern: RepositoryPattern, value: T): void {
    const parts = pattern.split("/");
    const open = parts.at(-1) === "**";
    const branch = (open ? parts.slice(0, -1) : parts).reduce(step, this.#root);
    branch[open ? "below" : "here"] = value;
  }
}

/** The branch that a part leads to, made where there is none. */
function step<T>({ named, starred }: Branch<T>, part: string): Branch<T> {
  const [before = "", after] = part.split("*");
  const found =
    after === undefined
      ? named.get(part)
      : starred.find((each) => each.before === before && each.after === after)?.branch;
  if (found !== undefined) return found;
  const branch: Branch<T> = { named: new Map(), starred: [] };
  if (after === undefined) named.set(part, branch);
  else {
    starred.push({ before, after, branch });
    starred.sort((a, b) => b.before.length - a.before.length || b.after.length - a.after.length);
  }
  return branch;
}

/** Where one part more leads; undefined is any. */
const reach = <T>(branches: readonly Branch<T>[], part: string | undefined): readonly Branch<T>[] =>
  branches.flatMap(({ named, starred }) => [
    ...(part === undefined ? named.values() : [named.get(part) ?? []].flat()),
    ...starred.filter((star) => part === undefined || fits(part, star)).map(({ branch }) => branch),
  ]);

/** Whether a part is one that a `*` with this text around it stands for. */
const fits = (part: string, { before, after }: { before: string; after: string }): boolean =>
  part.length >= before.length + after.length && part.startsWith(before) && part.endsWith(after);

function findBelow<T>(branch: Branch<T>, parts: readonly string[], at: number): T | undefined {
  const part = parts[at];
  if (part === undefined) return branch.here;
  const named = branch.named.get(part);
  const found = named && findBelow(named, parts, at + 1);
  if (found !== undefined) return found;
  for (const star of branch.starred) {
    if (!fits(part, star)) continue;
    const starred = findBelow(star.branch, parts, at + 1);
    if (starred !== undefined) return starred;
  }
  return branch.below;
}
