import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { type Manifest, parseManifest } from "../oci/manifest.ts";
import type { Tag } from "../oci/reference.ts";
import { referrerOf } from "../oci/referrers.ts";
import type { ByteRange, Deletes, PushManifest, Reads, StoredManifest, Writes } from "../oci/repository.ts";
import { verifyBytes } from "../oci/verify.ts";
import { streamOf } from "./streams.ts";

/** A repository in memory: the shortest text of the contract, and what tests copy from and to. */
export class MemoryRepository implements Reads, Writes, Deletes {
  readonly #blobs = new Map<Digest, Uint8Array>();
  readonly #manifests = new Map<Digest, StoredManifest & { parsed: Manifest }>();
  readonly #tags = new Map<Tag, Digest>();
  /** What came of blobs whose push broke off: the next push goes on there. */
  readonly #partial = new Map<Digest, Uint8Array>();

  async resolve(name: Tag | Digest): Promise<Descriptor | undefined> {
    return (await this.manifest(name))?.descriptor;
  }

  async manifest(name: Tag | Digest): Promise<StoredManifest | undefined> {
    const found = this.#manifests.get(this.#tags.get(name as Tag) ?? (name as Digest));
    return found && { descriptor: found.descriptor, bytes: found.bytes };
  }

  async blob({ digest }: Descriptor, range?: ByteRange): Promise<ReadableStream<Uint8Array>> {
    const bytes = this.#blobs.get(digest);
    if (bytes === undefined) throw new ChartroomError("not_found", `Blob not found: ${digest}`);
    return streamOf(bytes.subarray(range?.start ?? 0, range?.end));
  }

  async *tags(after?: Tag): AsyncIterable<Tag> {
    for (const tag of [...this.#tags.keys()].sort()) if (after === undefined || tag > after) yield tag;
  }

  async *referrers(subject: Digest, artifactType?: string): AsyncIterable<Descriptor> {
    for (const { descriptor, parsed } of [...this.#manifests.values()]) {
      const referrer = referrerOf(descriptor, parsed);
      if (
        parsed.subject?.digest === subject &&
        (artifactType ?? referrer.artifactType) === referrer.artifactType
      )
        yield referrer;
    }
  }

  async has({ digest }: Descriptor): Promise<boolean> {
    return this.#blobs.has(digest);
  }

  async pushBlob(
    blob: Descriptor,
    body: (from: number) => Promise<ReadableStream<Uint8Array>>,
  ): Promise<void> {
    if (this.#blobs.has(blob.digest)) return;
    let bytes = this.#partial.get(blob.digest) ?? new Uint8Array();
    for await (const chunk of await body(bytes.byteLength)) {
      bytes = Buffer.concat([bytes, chunk]);
      this.#partial.set(blob.digest, bytes);
    }
    this.#partial.delete(blob.digest);
    verifyBytes(bytes, blob);
    this.#blobs.set(blob.digest, bytes);
  }

  async pushManifest(
    descriptor: Descriptor,
    bytes: Uint8Array,
    { tags, expect }: PushManifest,
  ): Promise<void> {
    verifyBytes(bytes, descriptor);
    const parsed = parseManifest(bytes, descriptor.mediaType);
    const { mediaType, digest, size } = descriptor;
    for (const tag of tags) {
      const held = this.#tags.get(tag);
      if (expect === "any" || held === digest) continue;
      if (held !== (expect === "absent" ? undefined : expect))
        throw new ChartroomError("conflict", `Tag ${tag} holds ${held ?? "nothing"}`);
    }
    this.#manifests.set(digest, { descriptor: { mediaType, digest, size }, bytes, parsed });
    for (const tag of tags) this.#tags.set(tag, digest);
  }

  /** Forget everything. */
  clear(): void {
    for (const map of [this.#blobs, this.#manifests, this.#tags, this.#partial]) map.clear();
  }

  async untag(tag: Tag): Promise<boolean> {
    return this.#tags.delete(tag);
  }

  async delete(digest: Digest): Promise<boolean> {
    for (const [tag, held] of this.#tags) if (held === digest) this.#tags.delete(tag);
    return this.#manifests.delete(digest);
  }
}
