import type { SiteOptions } from "../migrate/site.ts";
import { openRemote, type RemoteOptions } from "../remote/open.ts";

/**
 * The way to registries that an index names. Each gets the login that is kept for it, if there is one; that the user speaks
 * plain http to his own says nothing of others.
 */
export const namedByIndex =
  (connection: RemoteOptions): NonNullable<SiteOptions["registry"]> =>
  (reference, transport) =>
    openRemote(reference, { ...connection, transport, plainHttp: undefined, access: "pull" });
