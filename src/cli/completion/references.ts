import { parseReference } from "../../oci/reference.ts";
import { openRemote } from "../../remote/open.ts";
import { connectionOf, type GivenLogin } from "../connection.ts";
import type { Context } from "../context.ts";
import type { Source } from "../definition.ts";
import { openStore, type StoreOptions } from "../store.ts";
import { directives, type Offer, offerOf } from "./offer.ts";

/** How long a registry may take to name its tags, in ms: someone looks at a terminal that does not react. */
const patience = 1500;

/**
 * References, or the parts of them that a word of the command line is for, from the store and the registry.
 * @param source `saved`: whole references of the store; `repository`: without their tags; `untagged`: those and the `:` that
 *   a tag follows; `registry`: the same, and after the `:` the tags that the registry has; `place`: the same, `store:` with
 *   whole references, or `layout:` with a directory; `host`: where they would be pushed to
 */
export async function references(
  source: Exclude<Source, "files" | "directories">,
  typed: string,
  options: StoreOptions,
  context: Context,
): Promise<Offer> {
  const [place] = (source === "place" && /^(store|layout):/.exec(typed)) || [];
  if (place === "layout:") return { candidates: [], directive: directives.directories };
  const prefix = place ?? (typed.startsWith("oci://") ? "oci://" : "");
  const offered = (words: readonly string[]) =>
    offerOf([...new Set(words)].map((word) => ({ value: prefix + word })));
  const asked = source === "registry" || (source === "place" && place === undefined);
  const repository = /^(.+\/.+):[^/:]*$/.exec(typed.slice(prefix.length))?.[1];
  if (asked && repository !== undefined)
    return offered((await tagsOf(repository, options, context)).map((tag) => `${repository}:${tag}`));

  const store = options.store ?? context.env.CHARTROOM_STORE ?? ""; // not every command with a reference takes --store
  const names = (await openStore({ ...options, store }, context).index()).named().map(({ name }) => name);
  const saved = names.filter((name) => /^[!-.0-~]+\/[!-~]+$/.test(name)); // other tools name as they like
  if (source === "saved" || place === "store:") return offered(saved);
  if (source === "host") return offered(saved.map((name) => name.slice(0, name.indexOf("/"))));
  const repositories = saved.map((name) => name.replace(/(:[^/:]*)?(@.*)?$/, ""));
  if (source === "repository") return offered(repositories);
  const { candidates } = offered([
    ...repositories.map((name) => `${name}:`),
    ...(source === "place" && prefix === "" ? ["store:", "layout:"] : []),
  ]);
  return { candidates, directive: directives.noFiles | directives.goesOn };
}

/** A repository's tags, with the login that is kept for it. Nothing is asked, read or said on the way. */
async function tagsOf(
  repository: string,
  { username, passwordStdin, debug, ...options }: StoreOptions & GivenLogin, // standard input is the shell's
  context: Context,
): Promise<string[]> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(patience)]);
  const silent: Context = { ...context, signal, tell: () => {} };
  const connection = await connectionOf(options, silent);
  return Array.fromAsync(openRemote(parseReference(repository), connection).tags());
}
