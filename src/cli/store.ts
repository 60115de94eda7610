import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Layout, openLayout } from "../layout/layout.ts";
import { ChartroomError } from "../oci/errors.ts";
import {
  formatReference,
  parseReference,
  type Reference,
  repositoryOf,
  type Tag,
  tryTag,
} from "../oci/reference.ts";
import type { Context, GlobalOptions } from "./context.ts";

/** The options of commands that use the local store. */
export interface StoreOptions extends GlobalOptions {
  readonly store?: string;
}

/**
 * Helm's cache directory: `$HELM_CACHE_HOME` as it is, `$XDG_CACHE_HOME/helm`, else the system's own place (helmpath,
 * Helm 3.3; helm.md §1.5).
 */
export function helmCache({ env, platform }: Context): string {
  if (env.HELM_CACHE_HOME) return env.HELM_CACHE_HOME;
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, "helm");
  if (platform === "win32") return join(env.TEMP ?? tmpdir(), "helm");
  const home = env.HOME || homedir();
  return platform === "darwin" ? join(home, "Library", "Caches", "helm") : join(home, ".cache", "helm");
}

/** The store that a command works on: `--store`, `CHARTROOM_STORE`, else the place where Helm 3.0–3.6 kept it. */
export const openStore = (options: StoreOptions, context: Context): Layout =>
  openLayout(
    options.store === undefined
      ? join(helmCache(context), "registry", "cache")
      : resolve(context.cwd, options.store),
  );

/**
 * What the user typed as a name in the store. Entries that other tools wrote may have names which our grammar refuses;
 * they are found by their exact text.
 */
export function storeName(text: string): { name: string; reference: Reference | undefined } {
  try {
    const reference = parseReference(text);
    return { name: formatReference(reference), reference };
  } catch {
    return { name: text, reference: undefined };
  }
}

/**
 * The error for a reference that the store does not hold. One that names neither tag nor digest is a usage error that
 * tells the tags there are; one that does not parse says why.
 */
export async function notInStore(layout: Layout, text: string): Promise<ChartroomError> {
  const reference = parseReference(text); // throws what is wrong with it
  if (reference.tag === undefined && reference.digest === undefined)
    return tagMissing(reference, await tagsInStore(layout, reference), "saved");
  return new ChartroomError("not_found", `Chart not found: ${formatReference(reference)}`, {
    hint: "`chartroom chart list` shows what is saved.",
  });
}

/** The usage error of a command that needs a tag or a digest, with the tags there are. */
export function tagMissing(reference: Reference, tags: readonly string[], adjective: string): ChartroomError {
  const repository = repositoryOf(reference);
  const hint =
    tags.length === 0
      ? `There is no ${adjective} tag of ${repository}.`
      : `Tags ${adjective}: ${tags.slice(0, 10).join(", ")}${tags.length > 10 ? `, and ${tags.length - 10} more` : ""}.`;
  return new ChartroomError(
    "usage",
    `Cannot tell which chart of ${repository}: a tag or digest is required`,
    { hint },
  );
}

/** The tags that the store holds of a repository. */
async function tagsInStore(layout: Layout, reference: Reference): Promise<Tag[]> {
  const prefix = `${repositoryOf(reference)}:`;
  const names = (await layout.entries()).map(({ name }) => name).filter((name) => name.startsWith(prefix));
  return names.map((name) => tryTag(name.slice(prefix.length))).filter((tag) => tag !== undefined);
}
