import type { Transport } from "../http/transport.ts";
import type { Reference } from "../oci/reference.ts";
import { type HostOptions, originOf } from "./host.ts";
import { RemoteRepository } from "./repository.ts";
import { type CredentialLookup, Session } from "./session.ts";
import type { UploadSessions } from "./uploadSessions.ts";

export interface RemoteOptions extends HostOptions {
  readonly transport: Transport;
  readonly credentials?: CredentialLookup;
  /** Where sessions of uploads are remembered for the next process. */
  readonly uploads?: UploadSessions;
}

/** A repository of a registry. Nothing is sent until it is asked for something. */
export function openRemote(
  { registry, repository }: Pick<Reference, "registry" | "repository">,
  { transport, credentials, uploads, ...host }: RemoteOptions,
): RemoteRepository {
  const session = new Session({
    origin: originOf(registry, host),
    registry,
    transport,
    repository,
    credentials,
  });
  return new RemoteRepository(session, repository, uploads);
}
