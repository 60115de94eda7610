import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chart, type StoredChart } from "../layout/charts.ts";
import { type Layout, openLayout } from "../layout/layout.ts";
import { LayoutReads } from "../layout/repository.ts";
import { ChartroomError } from "../oci/errors.ts";
import { formatReference, parseReference, type Reference, repositoryOf } from "../oci/reference.ts";
import type { Context, GlobalOptions } from "./context.ts";
import { nearest } from "./suggest.ts";

/** The options of commands that use the local store. */
export interface StoreOptions extends GlobalOptions {
  readonly store?: string;
}

/**
 * Helm's cache directory: `$HELM_CACHE_HOME` as it is, `$XDG_CACHE_HOME/helm`, else the system's own place (Helm 3.3's
 * helmpath).
 */
export function helmCache({ env, platform }: Context): string {
  if (env.HELM_CACHE_HOME) return env.HELM_CACHE_HOME;
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, "helm");
  if (platform === "win32") return join(env.TEMP ?? tmpdir(), "helm");
  const home = env.HOME || homedir();
  return platform === "darwin" ? join(home, "Library", "Caches", "helm") : join(home, ".cache", "helm");
}

/** The store that a command works on: `--store`, `CHARTROOM_STORE`, else the place where Helm 3.0–3.6 kept it. */
export function openStore(options: StoreOptions, context: Context): Layout {
  const directory = options.store || join(helmCache(context), "registry", "cache");
  return openLayout(resolve(context.cwd, directory), context.fs);
}

/**
 * What the user typed as a name in the store. Entries that other tools wrote may have names which our grammar refuses;
 * they are found by their exact text.
 */
export function storeName(text: string): string {
  try {
    return formatReference(parseReference(text));
  } catch {
    return text;
  }
}

/**
 * The chart that the user's text names in the store.
 * @throws ChartroomError `not_found`; `usage` when it does not parse, or names neither tag nor digest
 */
export async function savedChart(layout: Layout, text: string): Promise<StoredChart> {
  const saved = await chart(layout, storeName(text));
  if (saved === undefined) throw await notInStore(layout, text);
  return saved;
}

/** The error for a text that names nothing in the store. */
export async function notInStore(layout: Layout, text: string): Promise<ChartroomError> {
  const reference = parseReference(text); // throws what is wrong with it
  if (reference.tag === undefined && reference.digest === undefined) {
    const tags = await Array.fromAsync(new LayoutReads(layout, repositoryOf(reference)).tags());
    return tagMissing(reference, tags, "in the store");
  }
  const name = formatReference(reference);
  const names = (await layout.index()).named().map((entry) => entry.name);
  const meant = nearest(name, names);
  return new ChartroomError("not_found", `Chart not found: ${name}`, {
    hint: meant === undefined ? "`chartroom chart list` shows what is saved." : `Did you mean ${meant}?`,
  });
}

/** How many tags a hint names. */
export const tagsNamed = 10;

/**
 * The usage error of a command that needs a tag or a digest, with the tags there are.
 * @param tags all of them, or the first `tagsNamed + 1`
 */
export function tagMissing(reference: Reference, tags: readonly string[], place: string): ChartroomError {
  const repository = repositoryOf(reference);
  const more = tags.length > tagsNamed ? ", …" : "";
  const hint =
    tags.length === 0
      ? `No tag of it is ${place}.`
      : `Tags ${place}: ${tags.slice(0, tagsNamed).join(", ")}${more}`;
  return new ChartroomError("usage", `Cannot tell which chart of ${repository}: expected a tag or digest`, {
    hint,
  });
}
