import { ChartroomError } from "../../../oci/errors.ts";
import { nearest } from "../../suggest.ts";
import { keyAt, unknownKey } from "./keys.ts";
import type { ConfigReader } from "./reader.ts";
import type { Branch, Tree } from "./tree.ts";

/** Keys of `storage` that are no driver. */
const noDriver = new Set(["delete", "redirect", "cache", "tag", "maintenance"]);
const drivers = ["filesystem", "inmemory"];

/**
 * Look at every key of a configuration. What asks for something that we do not do is refused, so that nobody serves
 * without what he asked for; what nobody knows is warned of.
 * @returns warnings, one sentence each
 * @throws ChartroomError `usage` that names the key, its place and what to use instead
 */
export function review(root: Branch): string[] {
  const warnings = [...chooseOne(root, "storage", noDriver), ...chooseOne(root, "auth", new Set())];
  const driver = driverOf(root);
  if (driver !== undefined && !drivers.includes(driver.name)) {
    const instead =
      keyAt(["storage", driver.name]).key?.note ?? "use `storage.filesystem` or `storage.inmemory`";
    const meant = nearest(driver.name, [...drivers, ...noDriver]);
    throw refusal(
      `storage.${driver.name}`,
      driver.at,
      meant === undefined ? instead : `did you mean \`${meant}\`?`,
    );
  }
  const auth = kindOf(root, "auth");
  if (auth !== undefined && auth.name !== "htpasswd" && auth.name !== "none")
    throw refusal(
      `auth.${auth.name}`,
      auth.at,
      keyAt(["auth", auth.name]).key?.note ?? "use `auth.htpasswd`, or `auth: none`",
    );
  for (const [name, tree] of root.members) {
    // What is unknown is passed over elsewhere; this would leave open what its rules were to close.
    if (name !== "access" && nearest(name, ["access"]) !== undefined)
      throw refusal(name, tree.at, "did you mean `access`?");
    visit(tree, [name], warnings);
  }
  return warnings;
}

/** Keys that say how something is done, and those by which it is done at all. */
const idle = [
  ["http.debug.prometheus.enabled", "http.debug.addr"],
  ["http.tls.minimumtls", "http.tls.certificate"],
  ["http.tls.ciphersuites", "http.tls.certificate"],
] as const;
type Needed = (typeof idle)[number][1];

/**
 * Warnings of keys that have no effect, since what they are about is not asked for; one sentence each.
 * @param flagged keys whose part a flag takes
 */
export function idleKeys(config: ConfigReader, flagged: ReadonlySet<Needed>): string[] {
  return idle.flatMap(([key, needed]) => {
    const tree = config.at(key);
    const isIdle = config.text(needed) === undefined && !flagged.has(needed);
    return tree !== undefined && isIdle && asks(tree)
      ? [`${key} (${tree.at}) has no effect without ${needed}`]
      : [];
  });
}

/** The storage driver that is named, with its place. */
export const driverOf = (root: Branch) => kindOf(root, "storage", noDriver);

function kindOf(root: Branch, block: string, beside: ReadonlySet<string> = new Set()) {
  const tree = root.members.get(block);
  if (tree?.kind !== "map") return undefined;
  const [first] = [...tree.members].filter(([name]) => !beside.has(name));
  return first && { name: first[0], at: first[1].at };
}

/**
 * A block that names several kinds of one thing: those that the environment names go before the file's. Distribution ends
 * with a panic there, though nobody can take a key out of an image's own file.
 */
function chooseOne(root: Branch, block: string, beside: ReadonlySet<string>): string[] {
  const tree = root.members.get(block);
  if (tree?.kind !== "map") return [];
  const kinds = [...tree.members].filter(([name]) => !beside.has(name));
  const fromEnvironment = kinds.filter(([, { at }]) => at.startsWith("REGISTRY_"));
  const [chosen, another] = fromEnvironment.length > 0 ? fromEnvironment : kinds;
  if (chosen !== undefined && another !== undefined)
    throw new ChartroomError(
      "usage",
      `Cannot use ${block} (${another[1].at}): it names both ${chosen[0]} and ${another[0]}`,
      { hint: "Take one of them out." },
    );
  const passed = kinds.filter((kind) => kind !== chosen);
  for (const [name] of passed) tree.members.delete(name);
  return passed.map(
    ([name, { at }]) => `${block}.${name} (${at}) gives way to ${block}.${chosen?.[0]} (${chosen?.[1].at})`,
  );
}

const refusal = (path: string, at: string, instead: string) =>
  new ChartroomError("usage", `Cannot use ${path} (${at}): it is not supported here`, {
    hint: `${instead[0]?.toUpperCase()}${instead.slice(1)}.`,
  });

function visit(tree: Tree, path: readonly string[], warnings: string[]): void {
  const { key, block } = keyAt(path);
  const shown = path.join(".");
  if (key === undefined && !block) return void warnings.push(unknownKey(path, tree.at));
  if (key?.use === "refused" && asks(tree)) throw refusal(shown, tree.at, key.note);
  if (!block) return;
  if (tree.kind === "scalar") {
    if (key === undefined && tree.text !== "")
      throw new ChartroomError(
        "usage",
        `Cannot use ${shown} (${tree.at}): expected keys below it, found a value`,
      );
    return;
  }
  const members = tree.kind === "map" ? tree.members : tree.items.entries();
  for (const [name, member] of members) visit(member, [...path, String(name)], warnings);
}

/** Whether something is asked for at all: `{}`, `false`, nothing, and what says `disabled: true` ask for nothing. */
function asks(tree: Tree): boolean {
  if (tree.kind === "scalar") return tree.text !== "" && tree.value !== false && tree.value !== 0;
  if (tree.kind === "list") return tree.items.some(asks);
  const disabled = tree.members.get("disabled");
  if (disabled?.kind === "scalar" && disabled.value === true && tree.members.size > 1) return false;
  return [...tree.members.values()].some(asks);
}
