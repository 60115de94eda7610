import type { Transport } from "../http/transport.ts";
import type { Reference, RegistryHost, RepositoryName } from "../oci/reference.ts";
import { type HostOptions, originOf } from "./host.ts";
import { RemoteRepository } from "./repository.ts";
import { type CredentialLookup, Session } from "./session.ts";

export interface RemoteOptions extends HostOptions {
  readonly transport: Transport;
  readonly credentials?: CredentialLookup;
}

/** A session with a registry, for one of its repositories or for none. Nothing is sent yet. */
export const sessionOf = (
  registry: RegistryHost,
  repository: RepositoryName | undefined,
  { transport, credentials, ...host }: RemoteOptions,
): Session =>
  new Session({
    origin: originOf(registry, host),
    registry,
    transport,
    credentials,
    ...(repository !== undefined && { repository }),
  });

/** A repository of a registry. Nothing is sent until it is asked for something. */
export const openRemote = (
  { registry, repository }: Pick<Reference, "registry" | "repository">,
  options: RemoteOptions,
): RemoteRepository => new RemoteRepository(sessionOf(registry, repository, options), repository);
