import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { Tag } from "../oci/reference.ts";
import type { ByteRange, StoredManifest } from "../oci/repository.ts";
import type { Found, Upstream } from "../oci/upstream.ts";
import type { RemoteRepository } from "./repository.ts";

/** A registry's repository as the upstream of a mirror. */
export class RemoteUpstream implements Upstream {
  readonly #remote: RemoteRepository;

  constructor(remote: RemoteRepository) {
    this.#remote = remote;
  }

  /** A HEAD says whether a tag moved: Docker Hub does not count those against its limit of pulls. */
  async find(name: Tag | Digest, kept: StoredManifest | undefined): Promise<Found | undefined> {
    const now = kept && (await this.#remote.resolve(name));
    if (kept !== undefined && now === undefined) return undefined;
    if (kept !== undefined && now?.digest === kept.descriptor.digest) return { manifest: kept };
    const manifest = await this.#remote.manifest(name);
    return manifest && { manifest };
  }

  stat(digest: Digest): Promise<number | undefined> {
    return this.#remote.stat(digest);
  }

  blob(descriptor: Descriptor, range?: ByteRange): Promise<ReadableStream<Uint8Array>> {
    return this.#remote.blob(descriptor, range);
  }

  /** A repository without a tag is as good as none. */
  async tags(): Promise<readonly Tag[] | undefined> {
    const tags = await Array.fromAsync(this.#remote.tags());
    return tags.length === 0 ? undefined : tags;
  }

  referrers(subject: Digest, artifactType?: string): AsyncIterable<Descriptor> {
    return this.#remote.referrers(subject, artifactType);
  }
}
