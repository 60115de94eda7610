import type { Reference, RegistryHost, RepositoryName } from "../oci/reference.ts";
import type { AuthorizerOptions } from "./authorizer.ts";
import { type HostOptions, originOf } from "./host.ts";
import { RemoteRepository } from "./repository.ts";
import { Session } from "./session.ts";
import type { UploadSessions } from "./uploadSessions.ts";

/** The way to registries. */
export interface RemoteOptions
  extends HostOptions,
    Pick<AuthorizerOptions, "transport" | "credentials" | "access" | "warn"> {
  /** Where sessions of uploads are remembered for the next process. */
  readonly uploads?: UploadSessions;
}

/** A session with a registry, for one of its repositories or for none. Nothing is sent yet. */
export function sessionOf(
  registry: RegistryHost,
  repository: RepositoryName | undefined,
  { plainHttp, tls, uploads: _, ...options }: RemoteOptions,
): Session {
  return new Session({ ...options, origin: originOf(registry, { plainHttp, tls }), registry, repository });
}

/** A repository of a registry. Nothing is sent until it is asked for something. */
export const openRemote = (
  { registry, repository }: Pick<Reference, "registry" | "repository">,
  options: RemoteOptions,
): RemoteRepository =>
  new RemoteRepository(sessionOf(registry, repository, options), repository, options.uploads);
