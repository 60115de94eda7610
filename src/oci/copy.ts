import type { Descriptor } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import { ChartroomError } from "./errors.ts";
import { blobsOf, type Manifest, manifestsOf, parseManifest } from "./manifest.ts";
import type { PushManifest, Source, StoredManifest, Target } from "./repository.ts";
import { verify, verifyBytes } from "./verify.ts";

/** Blobs under way at once: enough to hide a round trip, few enough for a small server. */
const parallel = 8;
/** Indexes may hold indexes; deeper than this is an attack or a mistake. */
const depthLimit = 8;

/** What a copy tells while it goes: an object that begins, bytes of it, and its end. */
export interface CopyProgress {
  begin?(object: Descriptor): void;
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
 *   the target's `pushManifest`
 */
export async function copy(
  source: Source,
  target: Target,
  root: StoredManifest,
  options: CopyOptions,
): Promise<void> {
  const limit = limiter(parallel);
  const seen = new Map<Digest, Promise<void>>();
  const once = (digest: Digest, work: () => Promise<void>): Promise<void> => {
    const running = seen.get(digest) ?? work();
    seen.set(digest, running);
    return running;
  };

  const copyBlob = async (blob: Descriptor) => {
    options.signal?.throwIfAborted();
    if (await target.has(blob)) return options.progress?.end?.(blob, false);
    options.progress?.begin?.(blob);
    await target.pushBlob(blob, async (from) => {
      const whole = { start: from, end: blob.size };
      const stream = await source.blob(blob, from === 0 ? undefined : whole);
      return counted(from === 0 ? verify(stream, blob) : stream, (count) =>
        options.progress?.bytes?.(blob, count),
      );
    });
    options.progress?.end?.(blob, true);
  };

  const copyTree = async (
    { descriptor, bytes }: StoredManifest,
    to: PushManifest,
    depth: number,
  ): Promise<void> => {
    options.signal?.throwIfAborted();
    if (depth > depthLimit)
      throw new ChartroomError(
        "invalid",
        `Index ${descriptor.digest} is nested more than ${depthLimit} deep`,
      );
    verifyBytes(bytes, descriptor);
    const manifest = parseManifest(bytes, descriptor.mediaType);
    const children = manifestsOf(manifest).map((child) =>
      once(child.digest, async () => {
        const stored = await source.manifest(child.digest);
        // A sparse index names platforms that were never copied (image-spec, "unreferenced or missing").
        if (stored !== undefined) await copyTree(stored, { tags: [], expect: "any" }, depth + 1);
      }),
    );
    const blobs = blobsOf(manifest)
      .filter((blob) => blob.urls === undefined || blob.urls.length === 0)
      .map((blob) => once(blob.digest, () => limit(() => copyBlob(blob))));
    await allSettledOrThrow([...children, ...blobs]);
    if (depth === 0) await options.admit?.(manifest);
    options.signal?.throwIfAborted();
    options.progress?.begin?.(descriptor);
    await target.pushManifest(descriptor, bytes, to);
    options.progress?.end?.(descriptor, true);
  };

  await copyTree(root, { tags: options.tags, expect: options.expect }, 0);
}

/** Wait for all, so that nothing runs on behind an error, then throw the first error there was. */
async function allSettledOrThrow(work: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** At most `count` of the given functions run at once; the others wait in order. */
function limiter(count: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}

/** A stream that tells how many bytes go by. */
function counted(
  stream: ReadableStream<Uint8Array>,
  tell: (count: number) => void,
): ReadableStream<Uint8Array> {
  return stream.pipeThrough(
    new TransformStream({
      transform(chunk: Uint8Array, controller) {
        tell(chunk.byteLength);
        controller.enqueue(chunk);
      },
    }),
  );
}
