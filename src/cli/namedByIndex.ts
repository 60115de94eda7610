import { resolve } from "node:path";
import { Directory } from "../migrate/directory.ts";
import { Site, type SiteOptions } from "../migrate/site.ts";
import { openRemote, type RemoteOptions } from "../remote/open.ts";
import type { Context } from "./context.ts";

/**
 * The way to registries that an index names. Each gets the login that is kept for it, if there is one; that the user speaks
 * plain http to his own says nothing of others.
 */
export const namedByIndex =
  (connection: RemoteOptions): NonNullable<SiteOptions["registry"]> =>
  (reference, transport) =>
    openRemote(reference, { ...connection, transport, plainHttp: undefined, access: "pull" });

/** RFC 2606 §2: an index that was fetched once is from outside, and leads to no address inside. */
const somewhere = new URL("https://directory.invalid/");

/** The files of a classic repository. What its index says to be in a registry is fetched from there, as if the index were a site's. */
export function openDirectory(path: string, connection: RemoteOptions, { fs, cwd }: Context): Directory {
  const { transport } = connection;
  const registries = new Site(somewhere, { transport, registry: namedByIndex(connection) });
  return new Directory(fs, resolve(cwd, path), registries);
}
