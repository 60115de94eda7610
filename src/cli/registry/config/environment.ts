import { ChartroomError } from "../../../oci/errors.ts";
import { keyAt, lists, unknownKey } from "./keys.ts";
import { parseTree, type Tree } from "./tree.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Names that begin like Distribution's and say something else: the file's path, and where containers tools keep logins. */
const foreign = new Set(["REGISTRY_CONFIGURATION_PATH", "REGISTRY_AUTH_FILE"]);

/**
 * Put CNCF Distribution's `REGISTRY_*` variables over a configuration, as its `configuration/parser.go` does: in order of
 * name, so that a block comes before its parts; the rest of a name is a path, the value is YAML and takes the place of what
 * was there. A key is found whatever its case and made in lower case; an index may be one past the end.
 *
 * Better than there: every path may be written out, also into `storage.maintenance` (its issue 1736); a value that is no
 * YAML is text, so that `[::1]:5000` is an address.
 * @returns warnings of variables that are no key's, one sentence each: Kubernetes sets `REGISTRY_PORT` and more of them where
 *   a service is called `registry`
 * @throws ChartroomError `usage` that names the variable
 */
export function overlay(root: Tree, env: Environment): string[] {
  const warnings: string[] = [];
  for (const name of Object.keys(env).sort()) {
    const text = env[name];
    if (!name.startsWith("REGISTRY_") || foreign.has(name) || text === undefined) continue;
    const path = name.slice("REGISTRY_".length).split("_");
    const lower = path.map((key) => key.toLowerCase());
    if (isKey(lower)) put(root, path, "", named(parsedValue(text, name), lower.join(".")));
    else warnings.push(unknownKey(lower, name));
  }
  return warnings;
}

/** Whether a path is some key's or leads to one. Any name may be a storage driver's, or a way to log in. */
function isKey(path: readonly string[]): boolean {
  const { key, block } = keyAt(path);
  return key !== undefined || block || path[0] === "storage" || path[0] === "auth";
}

function parsedValue(text: string, variable: string): Tree {
  try {
    return parseTree(text, { variable });
  } catch {
    return { at: variable, kind: "scalar", value: text, text };
  }
}

/**
 * `auth: htpasswd` is short for `auth: {htpasswd: {}}`, and so it is with storage: more may follow, and whoever reads it
 * need know one form only.
 */
export function named(tree: Tree, path: string): Tree {
  if (tree.kind !== "scalar" || tree.text === "" || (path !== "auth" && path !== "storage")) return tree;
  return { at: tree.at, kind: "map", members: new Map([[tree.text, emptyMap(tree.at)]]) };
}

const emptyMap = (at: string): Tree => ({ at, kind: "map", members: new Map() });

/**
 * @param above the path of `tree`, with dots
 * @param path what is left to go; in upper case mostly
 */
function put(tree: Tree, [key = "", ...rest]: readonly string[], above: string, value: Tree): void {
  const refuse = (why: string) =>
    new ChartroomError("usage", `Cannot use ${value.at}: ${above} ${why}`, {
      hint: `It is set at ${tree.at}.`,
    });
  if (tree.kind === "scalar") throw refuse("is not a map");
  if (tree.kind === "list") {
    const index = /^\d{1,4}$/.test(key) ? Number(key) : Number.NaN;
    if (!(index <= tree.items.length))
      throw refuse(
        `has ${tree.items.length} items: expected an index up to ${tree.items.length}, found ${key}`,
      );
    tree.items[index] = step(tree.items[index], rest, `${above}.#`, value);
    return;
  }
  const found = [...tree.members.keys()].find((each) => each.toUpperCase() === key.toUpperCase());
  const name = found ?? key.toLowerCase();
  const there = tree.members.get(name);
  tree.members.set(name, step(there, rest, above === "" ? name : `${above}.${name}`, value));
}

/** A member after the value was put at `rest` below it: the value itself, or what was there, or something new. */
function step(there: Tree | undefined, rest: readonly string[], path: string, value: Tree): Tree {
  if (rest.length === 0) return value;
  const nothing = there === undefined || (there.kind === "scalar" && there.text === "");
  const made: Tree = lists.has(path) ? { at: value.at, kind: "list", items: [] } : emptyMap(value.at);
  const tree = nothing ? made : there;
  put(tree, rest, path, value);
  return tree;
}
