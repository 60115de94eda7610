import { Transport, type TransportOptions } from "../http/transport.ts";
import { parseTag, type RegistryHost, type RepositoryName } from "../oci/reference.ts";
import type { MirrorSource } from "../registry/mirror/mirror.ts";
import { openRemote, type RemoteOptions } from "../remote/open.ts";
import { RemoteUpstream } from "../remote/upstream.ts";
import { blobOf, imageOf, pushArtifact } from "./artifacts.ts";
import { type TestHandler, type TestHandlerOptions, testHandler } from "./handler.ts";
import { type Spoil, type TestRegistry, testRegistry } from "./registry.ts";
import { noise } from "./streams.ts";

/** A transport that waits for nothing between tries. */
export const hastyTransport = (options: Partial<TransportOptions> = {}): Transport =>
  new Transport({ userAgent: "test", sleep: async () => undefined, patience: 0, ...options });

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

/** What a test asks of its mirror; `remote` says how the upstream is asked. */
export type TestMirrorOptions = TestHandlerOptions & { remote?: Partial<RemoteOptions>; ttl?: number };

/** A layer, an image of it, and the tag that the image has in `filled`. */
export const layer = blobOf(noise(100_000));
export const image = imageOf([layer]);
export const latest = { tags: [parseTag("latest")], expect: "any" } as const;
/** Where they are asked for. */
export const manifestPath = "/v2/a/b/manifests";
export const blobPath = `/v2/a/b/blobs/${layer.descriptor.digest}`;

/** Mirrors of one test, which end with it: call `closeAll` in `afterEach`. */
export class TestMirrors {
  readonly #upstreams: TestRegistry[] = [];

  /** A mirror of an empty registry. */
  readonly mirror = (spoil?: Spoil, { remote, ttl, ...options }: TestMirrorOptions = {}): TestMirror => {
    const upstream = testRegistry(spoil);
    this.#upstreams.push(upstream);
    const front = testHandler(undefined, { mirrors: [mirrorOf(upstream.host, "", remote, ttl)], ...options });
    return { upstream, front, asked: () => upstream.requests.splice(0) };
  };

  /** A mirror whose upstream has the image as `latest`; nothing is kept yet. */
  readonly filled = async (spoil?: Spoil, options?: TestMirrorOptions): Promise<TestMirror> => {
    const one = this.mirror(spoil, options);
    await pushArtifact(one.upstream.repository, image, latest);
    return one;
  };

  readonly closeAll = async (): Promise<void> => {
    for (const upstream of this.#upstreams.splice(0)) await upstream.stop();
  };
}
