import type { Descriptor } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import { ChartroomError } from "./errors.ts";
import { limiter } from "./limiter.ts";
import { blobsOf, type Manifest, manifestsOf, parseManifest } from "./manifest.ts";
import type { PushManifest, Source, StoredManifest, Target } from "./repository.ts";
import { verify, verifyBytes } from "./verify.ts";

/** Objects under way at once: enough to hide a round trip, few enough for a small server. */
const parallel = 8;
/** Indexes may hold indexes; deeper than this is an attack or a mistake. */
const depthLimit = 8;

/** What a copy tells while it goes: an object that begins, bytes of it, and its end. */
export interface CopyProgress {
  begin?(object: Descriptor): void;
  /** Its bytes come from this offset on: at first, and whenever an interrupted transfer goes on. */
  from?(object: Descriptor, offset: number): void;
  bytes?(object: Descriptor, count: number): void;
  /** `sent` is false when the target had it already. */
  end?(object: Descriptor, sent: boolean): void;
}

export interface CopyOptions extends PushManifest {
  readonly progress?: CopyProgress;
  /**
   * Called with the root manifest once its blobs are there and before it is stored: throw to refuse it. A pull looks here
   * whether it is a chart.
   */
  readonly admit?: (root: Manifest) => Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * Copy a manifest and all it names from `source` to `target`: children before parents, tags last, every read verified
 * against its descriptor. What the target has is not sent. An interruption leaves a valid target; running again goes on.
 * @throws ChartroomError `not_found` when the source lacks a part, `not_verified` when bytes are wrong, `conflict` from
 *   the target's `pushManifest`; the signal's reason when it is aborted. The first failure stops all that is under way.
 */
export async function copy(
  source: Source,
  target: Target,
  root: StoredManifest,
  options: CopyOptions,
): Promise<void> {
  const { progress } = options;
  const failure = new AbortController();
  const signal = AbortSignal.any([failure.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const limit = limiter(parallel);
  // One content may stand as a blob here and as a manifest there: they live in different places.
  const seen = { blob: new Map<Digest, Promise<void>>(), manifest: new Map<Digest, Promise<void>>() };
  const once = (kind: keyof typeof seen, digest: Digest, work: () => Promise<void>): Promise<void> => {
    const running =
      seen[kind].get(digest) ??
      work().catch((error: unknown) => {
        failure.abort(error);
        throw error;
      });
    seen[kind].set(digest, running);
    return running;
  };

  const bodyOf = async (blob: Descriptor, from: number): Promise<ReadableStream<Uint8Array>> => {
    progress?.from?.(blob, from);
    const tell = counter(({ byteLength }) => progress?.bytes?.(blob, byteLength));
    if (from === 0) return verify(await source.blob(blob), blob).pipeThrough(tell, { signal });
    // No range can say "nothing from the end on" (RFC 9110 §14.1.1), and the target checks the whole.
    if (from >= blob.size) return new Blob().stream();
    return (await source.blob(blob, { start: from, end: blob.size })).pipeThrough(tell, { signal });
  };

  const copyBlob = async (blob: Descriptor) => {
    signal.throwIfAborted();
    if (await target.has(blob)) return progress?.end?.(blob, false);
    progress?.begin?.(blob);
    await target.pushBlob(blob, (from) => bodyOf(blob, from));
    progress?.end?.(blob, true);
  };

  const copyTree = async (
    { descriptor, bytes }: StoredManifest,
    to: PushManifest,
    depth: number,
  ): Promise<void> => {
    signal.throwIfAborted();
    if (depth > depthLimit)
      throw new ChartroomError(
        "invalid",
        `Index ${descriptor.digest} is nested more than ${depthLimit} deep`,
      );
    verifyBytes(bytes, descriptor);
    const manifest = parseManifest(bytes, descriptor.mediaType);
    const children = manifestsOf(manifest).map((child) =>
      once("manifest", child.digest, async () => {
        const stored = await limit(() => source.manifest(child.digest));
        // A sparse index names platforms that were never copied (image-spec, "unreferenced or missing").
        if (stored === undefined) return;
        verifyBytes(stored.bytes, child);
        await copyTree(stored, { tags: [], expect: "any" }, depth + 1);
      }),
    );
    const blobs = blobsOf(manifest)
      .filter((blob) => blob.urls === undefined || blob.urls.length === 0)
      .map((blob) => once("blob", blob.digest, () => limit(() => copyBlob(blob))));
    await allSettledOrThrow([...children, ...blobs]);
    if (depth === 0) await options.admit?.(manifest);
    signal.throwIfAborted();
    progress?.begin?.(descriptor);
    await limit(() => target.pushManifest(descriptor, bytes, to));
    progress?.end?.(descriptor, true);
  };

  await copyTree(root, { tags: options.tags, expect: options.expect }, 0);
}

/** Wait for all, so that nothing runs on behind an error, then throw the first error there was. */
async function allSettledOrThrow(work: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** Bytes go through as they are, each chunk told. */
function counter(tell: (chunk: Uint8Array) => void): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(chunk, controller) {
      tell(chunk);
      controller.enqueue(chunk);
    },
  });
}
