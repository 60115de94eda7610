import { parseReference } from "../../oci/reference.ts";
import { openRemote } from "../../remote/open.ts";
import { connectionOf, type GivenLogin } from "../connection.ts";
import type { Context } from "../context.ts";
import { openStore, type StoreOptions } from "../store.ts";
import { directives, type Offer, offerOf } from "./offer.ts";

/** How long a registry may take to name its tags, in ms: someone looks at a terminal that does not react. */
const patience = 1500;

/**
 * References, or the parts of them that a word of the command line is for, from the store and the registry.
 * @param source `saved`: whole references of the store; `repositories`: those before their tag; `registry`: the same, and
 *   after the `:` the tags that the registry has; `hosts`: where they would be pushed to
 */
export async function references(
  source: "saved" | "repositories" | "registry" | "hosts",
  typed: string,
  options: StoreOptions,
  context: Context,
): Promise<Offer> {
  const scheme = typed.startsWith("oci://") ? "oci://" : "";
  const offered = (words: Iterable<string>) =>
    offerOf([...new Set(words)].map((word) => ({ value: scheme + word })));
  const repository = /^(.+\/.+):[^/:]*$/.exec(typed.slice(scheme.length))?.[1];
  if (source === "registry" && repository !== undefined)
    return offered((await tagsOf(repository, options, context)).map((tag) => `${repository}:${tag}`));

  const store = options.store ?? context.env.CHARTROOM_STORE ?? ""; // not every command with a reference takes --store
  const names = (await openStore({ ...options, store }, context).index()).named().map(({ name }) => name);
  const saved = names.filter((name) => /^[^\s/]+\/\S+$/.test(name)); // other tools name as they like
  if (source === "saved") return offered(saved);
  if (source === "hosts") return offered(saved.map((name) => name.slice(0, name.indexOf("/"))));
  const { candidates } = offered(saved.map((name) => `${name.replace(/(:[^/:]*)?(@.*)?$/, "")}:`));
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
