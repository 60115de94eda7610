import type { Transport, TransportOptions } from "../http/transport.ts";
import { Transport as HttpTransport } from "../http/transport.ts";
import type { RegistryHost, RepositoryName } from "../oci/reference.ts";
import type { MirrorSource } from "../registry/mirror/mirror.ts";
import { openRemote, type RemoteOptions } from "../remote/open.ts";
import { RemoteUpstream } from "../remote/upstream.ts";
import { type TestHandler, type TestHandlerOptions, testHandler } from "./handler.ts";
import { type Spoil, type TestRegistry, testRegistry } from "./registry.ts";

/** A transport that waits for nothing between tries. */
export const hastyTransport = (options: Partial<TransportOptions> = {}): Transport =>
  new HttpTransport({ userAgent: "test", sleep: async () => undefined, patience: 0, ...options });

/** A registry as what a mirror mirrors. */
export const mirrorOf = (
  registry: RegistryHost,
  prefix = "",
  options: Partial<RemoteOptions> = {},
  ttl = 0,
): MirrorSource => ({
  prefix,
  ttl,
  open: (repository: RepositoryName) =>
    new RemoteUpstream(openRemote({ registry, repository }, { transport: hastyTransport(), ...options })),
});

/** A mirror over memory, and its upstream, asked over HTTP. */
export interface TestMirror {
  readonly upstream: TestRegistry;
  readonly front: TestHandler;
  /** The requests that the upstream had since this was asked last. */
  asked(): string[];
}

/** @param options of the mirror; `remote` says how the upstream is asked */
export function testMirror(
  spoil?: Spoil,
  { remote, ttl, ...options }: TestHandlerOptions & { remote?: Partial<RemoteOptions>; ttl?: number } = {},
): TestMirror {
  const upstream = testRegistry(spoil);
  const front = testHandler(undefined, { mirrors: [mirrorOf(upstream.host, "", remote, ttl)], ...options });
  return { upstream, front, asked: () => upstream.requests.splice(0) };
}
