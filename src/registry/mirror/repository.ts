import type { Pieces } from "../../blobs/blobs.ts";
import type { Page, PageRequest } from "../../catalog/catalog.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { blobsOf, type Manifest, parseManifest } from "../../oci/manifest.ts";
import { mediaTypes } from "../../oci/mediaTypes.ts";
import { type RepositoryName, type Tag, tryTag } from "../../oci/reference.ts";
import type { ByteRange, PushManifest, StoredManifest } from "../../oci/repository.ts";
import type { Found, Upstream } from "../../oci/upstream.ts";
import { verify } from "../../oci/verify.ts";
import { RegistryError } from "../errors.ts";
import { describeManifest, putManifest } from "../manifests.ts";
import { RegistryRepository } from "../repository.ts";
import type { Store } from "../store.ts";
import type { Uploads } from "../uploads.ts";
import { isUpstreamFault, UpstreamFailed, upstreamFault } from "./failure.ts";
import type { Mirror } from "./mirror.ts";

type BlobName = Pick<Descriptor, "digest">;

/**
 * A repository whose content is another's. What is asked for and not kept is fetched, checked, kept and given; what a tag
 * names is asked of the upstream each time, and what is kept of it given where that cannot be had. It takes no pushes.
 */
export class MirroredRepository extends RegistryRepository {
  readonly #store: Store;
  readonly #mirror: Mirror;
  readonly #upstream: Upstream;
  /** What `stat` learned, for the `blob` that follows it. */
  readonly #sizes = new Map<Digest, number>();

  constructor(name: RepositoryName, store: Store, uploads: Uploads, mirror: Mirror) {
    super(name, store, uploads);
    this.#store = store;
    this.#mirror = mirror;
    this.#upstream = mirror.upstream(name);
  }

  /** @throws as `Mirror.ask` where nothing is kept, and the upstream is not to be had */
  override async manifest(name: Tag | Digest): Promise<StoredManifest | undefined> {
    const { counts, expiry, manifests } = this.#mirror;
    counts.requests.manifest++;
    const kept = await super.manifest(name);
    const isTag = tryTag(name) !== undefined;
    const found =
      kept !== undefined && !isTag
        ? kept
        : await manifests.share(`${this.name} ${name}`, () => this.#ask(name, kept));
    if (found === undefined) return undefined;
    const { digest } = found.descriptor;
    if (digest === kept?.descriptor.digest) counts.hits.manifest++;
    expiry?.used(this.name, digest);
    return found;
  }

  async #ask(name: Tag | Digest, kept: StoredManifest | undefined): Promise<StoredManifest | undefined> {
    try {
      const found = await this.#mirror.ask(kept !== undefined, () => this.#upstream.find(name, kept));
      if (found !== undefined && found.manifest !== kept)
        await this.#keep(found, tryTag(name)).catch((error) => {
          // What cannot be kept, as on a full disk, is given all the same; blobs that came along would be lost with it.
          if (isUpstreamFault(error) || found.parts !== undefined) throw error;
          this.#mirror.failed(error);
        });
      return found?.manifest;
    } catch (error) {
      return this.#mirror.instead(kept, error);
    }
  }

  /** Its blobs come when they are asked for, unless they came with it. */
  async #keep({ manifest, parts }: Found, tag: Tag | undefined): Promise<void> {
    const { descriptor, bytes } = manifest;
    // By the rules for pushes: no type that a browser would take for a page, nothing that does not parse.
    await describeManifest(bytes, descriptor.mediaType).catch(asUpstreams);
    if (parts !== undefined) {
      const blobs = blobsOf(parseManifest(bytes, descriptor.mediaType));
      for (const blob of blobs) if (!(await this.#isKept(blob))) await this.#download(blob, parts).done;
    }
    const to = { tags: tag === undefined ? [] : [tag], expect: "any" } as const;
    const store = { ...this.#store, rules: { acceptMissing: true } };
    await putManifest(store, this.name, descriptor, bytes, to).catch(asUpstreams);
    this.#mirror.counts.pulled.manifest += bytes.byteLength;
  }

  /** @throws as `Mirror.ask` where it is not kept, and the upstream is not to be had */
  override async stat(blob: BlobName): Promise<number | undefined> {
    const { digest } = blob;
    const kept = await super.stat(blob);
    if (kept !== undefined) return kept;
    const underWay = this.#mirror.downloads.find(digest);
    const size =
      underWay?.repository === this.name
        ? underWay.blob.size
        : await this.#mirror.sizes.share(`${this.name} ${digest}`, () =>
            this.#mirror.ask(false, () => this.#upstream.stat(digest)),
          );
    if (size !== undefined) this.#sizes.set(digest, size);
    return size;
  }

  override async blob(
    blob: BlobName,
    range?: ByteRange,
    pieces?: Pieces,
  ): Promise<ReadableStream<Uint8Array>> {
    const { counts } = this.#mirror;
    const { digest } = blob;
    counts.requests.blob++;
    if (await this.#isKept(blob)) {
      counts.hits.blob++;
      return super.blob(blob, range, pieces);
    }
    const size = this.#sizes.get(digest) ?? (await this.stat(blob));
    if (size === undefined) throw new RegistryError("blobUnknown", { details: [{ digest }] });
    // The upstream has said that this repository has it, and its bytes may be here for another one of its own.
    if (await super.mount(blob, undefined, this.#mirror.covers)) return super.blob(blob, range, pieces);
    const whole = { mediaType: mediaTypes.octets, digest, size };
    try {
      return await this.#download(whole, this.#upstream).follow(range ?? { start: 0, end: size });
    } catch (error) {
      if (isUpstreamFault(error) || range !== undefined) throw error;
      // It cannot be kept, as on a full disk: then each who asks has it brought, checked on its way.
      return verify(await this.#bytes(whole, this.#upstream), whole);
    }
  }

  override async bytes(blob: BlobName): Promise<Uint8Array> {
    return new Response(await this.blob(blob)).bytes();
  }

  #download(blob: Descriptor, from: Pick<Upstream, "blob">) {
    const { digest, size } = blob;
    const source = (start: number) => this.#bytes(blob, from, start);
    const download = this.#mirror.downloads.take(this.name, { digest, size }, source);
    // It was begun for another repository: then it is taken over from there.
    if (download.repository !== this.name)
      download.done.then(() => super.mount(blob, download.repository)).catch(() => {});
    return download;
  }

  #bytes(blob: Descriptor, from: Pick<Upstream, "blob">, start = 0): Promise<ReadableStream<Uint8Array>> {
    const { counts } = this.#mirror;
    return this.#mirror.ask(false, async () =>
      watched(await from.blob(blob, { start, end: blob.size }), (bytes) => {
        counts.pulled.blob += bytes;
      }),
    );
  }

  async #isKept(blob: BlobName): Promise<boolean> {
    return (await super.stat(blob)) !== undefined;
  }

  /** Who asks for the rest of a list gets that of the list as it was. */
  override async tagPage({ after, limit }: PageRequest<string>): Promise<Page<Tag> | undefined> {
    const kept = await super.tagPage({ after, limit });
    const { lists, tags } = this.#mirror;
    try {
      let all = after === undefined ? undefined : lists.get(this.name);
      if (all === undefined) {
        const ask = () => this.#mirror.ask(kept !== undefined, () => this.#upstream.tags());
        all = await tags.share(this.name, ask);
        if (all !== undefined && all.length > limit) lists.set(this.name, all);
      }
      return all && pageOf(after === undefined ? all : all.filter((tag) => tag > after), limit);
    } catch (error) {
      return this.#mirror.instead(kept, error);
    }
  }

  override async referrerPage(
    subject: Digest,
    artifactType: string | undefined,
    page: PageRequest<Digest>,
  ): Promise<Page<Descriptor>> {
    const { after = "", limit } = page;
    try {
      const found = await this.#mirror.referrers.share(`${this.name} ${subject} ${artifactType ?? ""}`, () =>
        this.#mirror.ask(true, () => Array.fromAsync(this.#upstream.referrers(subject, artifactType))),
      );
      const sorted = found.toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
      return pageOf(
        sorted.filter(({ digest }) => digest > after),
        limit,
      );
    } catch (error) {
      return this.#mirror.instead(await super.referrerPage(subject, artifactType, page), error);
    }
  }

  override has(): Promise<boolean> {
    return refuse();
  }

  override pushBlob(): Promise<void> {
    return refuse();
  }

  override putManifest(_descriptor: Descriptor, _bytes: Uint8Array, _to: PushManifest): Promise<Manifest> {
    return refuse();
  }

  override mount(): Promise<boolean> {
    return refuse();
  }

  override untag(): Promise<boolean> {
    return refuse();
  }

  override delete(): Promise<boolean> {
    return refuse();
  }

  override deleteBlob(): Promise<boolean> {
    return refuse();
  }
}

const refuse = (): Promise<never> => Promise.reject(new RegistryError("mirrored"));

const pageOf = <T>(items: readonly T[], limit: number): Page<T> => ({
  items: items.slice(0, limit),
  more: items.length > limit,
});

/** What a manifest breaks is the upstream's fault, not the caller's. */
const asUpstreams = (error: unknown): never => {
  if (error instanceof RegistryError) throw new UpstreamFailed("wrong", error);
  throw error;
};

/** An upstream's stream: its bytes are counted, and what it fails with is told as the upstream's fault. */
function watched(
  stream: ReadableStream<Uint8Array>,
  came: (bytes: number) => void,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read().catch((error) => Promise.reject(upstreamFault(error)));
        if (done) return controller.close();
        came(value.byteLength);
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
