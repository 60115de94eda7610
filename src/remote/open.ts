import type { Reference } from "../oci/reference.ts";
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

/** A repository of a registry. Nothing is sent until it is asked for something. */
export function openRemote(
  { registry, repository }: Pick<Reference, "registry" | "repository">,
  { plainHttp, tls, uploads, ...options }: RemoteOptions,
): RemoteRepository {
  const session = new Session({
    ...options,
    origin: originOf(registry, { plainHttp, tls }),
    registry,
    repository,
  });
  return new RemoteRepository(session, repository, uploads);
}
