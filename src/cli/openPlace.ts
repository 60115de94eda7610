import { resolve } from "node:path";
import { layoutDeletes } from "../layout/deletes.ts";
import { type Layout, openLayout } from "../layout/layout.ts";
import { splitName } from "../layout/name.ts";
import { LayoutReads } from "../layout/repository.ts";
import { writing } from "../layout/write.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { parseReference, type RegistryHost, type Tag, tryTag } from "../oci/reference.ts";
import { isReferrersTag } from "../oci/referrers.ts";
import type { Deletes, Mounts, Reads, Target } from "../oci/repository.ts";
import { repositoriesOf } from "../remote/catalog.ts";
import { openRemote, type RemoteOptions } from "../remote/open.ts";
import type { RemoteRepository } from "../remote/repository.ts";
import type { Context } from "./context.ts";
import { type Below, isBelow, type One, type Place } from "./place.ts";
import { openStore, type StoreOptions } from "./store.ts";

/** A repository that a list found; what is named in it is asked for later, since it may fail for one and not the next. */
export interface Listed {
  readonly repository: string;
  /** Its tags, and in a layout its names by digest; not the tags under which referrers are listed. */
  names(): Promise<readonly (Tag | Digest)[]>;
}

/** What may be done to a place while it is written to. */
export interface PlaceWriter {
  repository(name: string): Target & Partial<Mounts>;
  /** Name a manifest that is there by its digest, where a place forgets what has no name. */
  name(name: string, descriptor: Descriptor): Promise<void>;
}

/** Repositories by their names, host included: a registry's, or the parts of a layout. */
export interface OpenPlace {
  /** The registry, or undefined for a layout. */
  readonly host: RegistryHost | undefined;
  /** The error for a name that nothing has there. */
  notFound(name: string): ChartroomError;
  reads(repository: string): Reads;
  deletes(repository: string): Deletes;
  writing<T>(work: (writer: PlaceWriter) => Promise<T>): Promise<T>;
  list(what: One | Below): AsyncIterable<Listed>;
}

/**
 * Open a place; nothing is read, made or sent yet.
 * @param connection the way to it where it is a registry, with the access that is wanted there
 * @param options say where the store is
 */
export function openPlace(
  place: Place,
  connection: RemoteOptions,
  options: StoreOptions,
  context: Context,
): OpenPlace {
  if (place.kind === "registry") return registryPlace(place.host, connection);
  const layout =
    place.kind === "store"
      ? openStore(options, context)
      : openLayout(resolve(context.cwd, place.directory), context.fs);
  return layoutPlace(layout, context.signal);
}

function registryPlace(host: RegistryHost, connection: RemoteOptions): OpenPlace {
  // One object a repository: changes of a list of referrers queue up in it.
  const opened = new Map<string, RemoteRepository>();
  const repository = (name: string): RemoteRepository => {
    const remote = opened.get(name) ?? openRemote(parseReference(name), connection);
    opened.set(name, remote);
    return remote;
  };
  const listed = (name: string): Listed => ({
    repository: name,
    names: async () => (await Array.fromAsync(repository(name).tags())).filter((tag) => !isReferrersTag(tag)),
  });
  return {
    host,
    notFound: (name) =>
      new ChartroomError("not_found", `Not found: ${name}`, {
        hint: "The registry answered that it has no such manifest.",
      }),
    reads: repository,
    deletes: repository,
    writing: (work) => work({ repository, name: async () => {} }),
    async *list(what) {
      if (!isBelow(what)) return yield listed(what.repository);
      const names = await repositoriesOf(host, what.prefix.slice(host.length + 1), {
        ...connection,
        access: "pull",
      });
      for (const name of names) yield listed(`${host}/${name}`);
    },
  };
}

function layoutPlace(layout: Layout, signal: AbortSignal): OpenPlace {
  return {
    host: undefined,
    notFound: (name) =>
      new ChartroomError("not_found", `Not found in ${layout.directory}: ${name}`, {
        hint: "Nothing in its index.json has that name.",
      }),
    reads: (repository) => new LayoutReads(layout, repository),
    deletes: (repository) => layoutDeletes(layout, repository, signal),
    writing: (work) => writing(layout, signal, work),
    async *list(what) {
      const wanted = (repository: string) =>
        isBelow(what) ? repository.startsWith(what.prefix) : repository === what.repository;
      const found = new Map<string, (Tag | Digest)[]>();
      for (const { name } of (await layout.index()).named()) {
        const parts = splitName(name);
        if (!wanted(parts?.repository ?? name)) continue;
        if (parts === undefined) yield unnamed(name);
        else if (!isReferrersTag(parts.named as Tag) || tryTag(parts.named) === undefined)
          found.set(parts.repository, [...(found.get(parts.repository) ?? []), parts.named]);
      }
      for (const [repository, names] of found) yield { repository, names: async () => names };
    },
  };
}

/** An entry of index.json whose name no place could take over. */
const unnamed = (name: string): Listed => ({
  repository: name,
  names: () =>
    Promise.reject(
      new ChartroomError("invalid", `Cannot copy "${name}": its name has neither tag nor digest`),
    ),
});
