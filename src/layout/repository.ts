import { isWhole } from "../blobs/whole.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { type Digest, tryDigest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { artifactTypeOf, parseManifest } from "../oci/manifest.ts";
import { type Tag, tryTag } from "../oci/reference.ts";
import type { ByteRange, PushManifest, Reads, StoredManifest, Writes } from "../oci/repository.ts";
import { verifyBytes } from "../oci/verify.ts";
import type { LayoutIndex } from "./index.ts";
import { takeBlob } from "./ingest.ts";
import type { Layout } from "./layout.ts";
import { entryName, splitName } from "./name.ts";
import { referrersIn } from "./referrers.ts";

/**
 * The part of a layout whose names begin with `host/repository`, as a repository to read from. The empty prefix is the part
 * whose names are tags alone.
 */
export class LayoutReads implements Reads {
  protected readonly layout: Layout;
  protected readonly prefix: string;

  constructor(layout: Layout, prefix: string) {
    this.layout = layout;
    this.prefix = prefix;
  }

  async resolve(name: Tag | Digest): Promise<Descriptor | undefined> {
    const digest = tryDigest(name);
    return digest === undefined
      ? (await this.layout.index()).get(entryName(this.prefix, name as Tag))?.descriptor
      : (await this.layout.manifest(digest))?.descriptor;
  }

  async manifest(name: Tag | Digest): Promise<StoredManifest | undefined> {
    const descriptor = await this.resolve(name);
    if (descriptor === undefined) return undefined;
    const stored = await this.layout.manifest(descriptor.digest);
    return (
      stored && { descriptor: { ...stored.descriptor, mediaType: descriptor.mediaType }, bytes: stored.bytes }
    );
  }

  blob(descriptor: Descriptor, range?: ByteRange): Promise<ReadableStream<Uint8Array>> {
    return this.layout.blob(descriptor, range);
  }

  async *tags(after?: Tag): AsyncGenerator<Tag> {
    for (const { name } of (await this.layout.index()).named()) {
      const parts = splitName(name);
      const tag = parts?.repository === this.prefix ? tryTag(parts.named) : undefined;
      if (tag !== undefined && (after === undefined || tag > after)) yield tag;
    }
  }

  async *referrers(subject: Digest, artifactType?: string): AsyncGenerator<Descriptor> {
    for await (const each of referrersIn(this.layout, this.prefix, subject))
      if (artifactType === undefined || each.artifactType === artifactType) yield each;
  }
}

/** The same part to write to, while the lock is held (`write.ts`). */
export class LayoutWrites extends LayoutReads implements Writes {
  readonly #signal: AbortSignal | undefined;

  constructor(layout: Layout, prefix: string, signal: AbortSignal | undefined) {
    super(layout, prefix);
    this.#signal = signal;
  }

  /** Reads the blob to its end: a file of the right name and size may still be corrupt, and saving again must mend it. */
  async has({ digest, size }: Descriptor): Promise<boolean> {
    return (await this.layout.blobs.stat(digest)) === size && isWhole(this.layout.blobs, digest);
  }

  async pushBlob(
    blob: Descriptor,
    body: (from: number) => Promise<ReadableStream<Uint8Array>>,
  ): Promise<void> {
    if (await this.has(blob)) return;
    await takeBlob(this.layout, blob, body);
  }

  async pushManifest(
    descriptor: Descriptor,
    bytes: Uint8Array,
    { tags, expect }: PushManifest,
  ): Promise<void> {
    verifyBytes(bytes, descriptor);
    const manifest = parseManifest(bytes, descriptor.mediaType);
    await this.pushBlob(descriptor, async () => new Blob([bytes.slice()]).stream());
    if (tags.length === 0 && manifest.subject === undefined) return; // nothing of index.json, so no turn
    await this.layout.update((index) => {
      for (const tag of tags) this.#check(index, tag, descriptor.digest, expect);
      // A referrer without a tag would be lost: nothing else in a layout leads to it.
      if (tags.length === 0) return index.withUnnamed(descriptor, artifactTypeOf(manifest));
      return tags.reduce((changed, tag) => changed.with(entryName(this.prefix, tag), descriptor), index);
    }, this.#signal);
  }

  #check(index: LayoutIndex, tag: Tag, digest: Digest, expect: PushManifest["expect"]): void {
    const name = entryName(this.prefix, tag);
    const held = index.get(name)?.descriptor?.digest;
    if (expect === "any" || held === digest || held === (expect === "absent" ? undefined : expect)) return;
    throw new ChartroomError("conflict", `${name} holds ${held ?? "nothing"}, not what was expected`);
  }
}
