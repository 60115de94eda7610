import { Transport, type TransportOptions } from "../http/transport.ts";
import { tryRepositoryName } from "../oci/reference.ts";
import { openRemote, type RemoteOptions } from "../remote/open.ts";
import type { RemoteRepository } from "../remote/repository.ts";
import type { TestRegistry } from "./registry.ts";

/** The repository of a test's registry, over HTTP, with a transport that waits for nothing between tries. */
export function remoteOf(
  { host }: Pick<TestRegistry, "host">,
  options: Partial<Omit<RemoteOptions, "transport">> & { transport?: Partial<TransportOptions> } = {},
): RemoteRepository {
  const transport = new Transport({ userAgent: "test", sleep: async () => undefined, ...options.transport });
  return openRemote({ registry: host, repository: tryRepositoryName("my/repo")! }, { ...options, transport });
}
