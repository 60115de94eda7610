import type { Descriptor } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import { ChartroomError } from "./errors.ts";
import { parseJsonObject } from "./json.ts";
import { limiter } from "./limiter.ts";
import { blobsOf, type Manifest, manifestsOf, parseManifest } from "./manifest.ts";
import type { RepositoryName } from "./reference.ts";
import {
  type Mounts,
  type PushManifest,
  type Source,
  type StoredManifest,
  type Target,
  worthResuming,
} from "./repository.ts";
import { verify, verifyBytes } from "./verify.ts";

/** Objects under way at once: enough to hide a round trip, few enough for a small server. */
const parallel = 8;
/** Indexes may hold indexes, and referrers be referred to; deeper than this is an attack or a mistake. */
const depthLimit = 8;

/** What a copy tells while it goes: an object that begins, bytes of it, and its end. */
export interface CopyProgress {
  begin?(object: Descriptor): void;
  /** Its bytes come from this offset on: at first, and whenever an interrupted transfer goes on. */
  from?(object: Descriptor, offset: number): void;
  bytes?(object: Descriptor, count: number): void;
  /** `sent` is false when the target had it already, or took it over from another of its repositories. */
  end?(object: Descriptor, sent: boolean): void;
}

export interface CopyOptions extends PushManifest {
  readonly progress?: CopyProgress;
  /**
   * Called with the root manifest once its blobs are there and before it is stored: throw to refuse it. A pull looks here
   * whether it is a chart.
   */
  readonly admit?: (root: Manifest) => Promise<void>;
  /** Whether to take along what refers to the root or to a manifest below it, and what refers to that. */
  readonly referrers?: boolean;
  /** What `source` is called where it is another repository of the target's own registry: blobs are then mounted. */
  readonly mountFrom?: RepositoryName | undefined;
  /**
   * Whether a manifest that the target has is taken for whole, with all it names. A registry sees to that itself; files of
   * a layout may be damaged, and a copy over them mends them.
   */
  readonly trustPresent?: boolean;
  /** Whether small blobs are sent without asking for them first, where hardly any can be there: the asking costs as much. */
  readonly unasked?: boolean;
  /** Where several copies go to one target side by side: one at a time for each blob, so that none sends it again. */
  readonly turn?: <T>(blob: Digest, work: () => Promise<T>) => Promise<T>;
  readonly signal?: AbortSignal;
}

/** What a copy saw. */
export interface Copied {
  /** The manifests of the root's tree and of all that refers to it, as far as the source has them. */
  readonly manifests: ReadonlySet<Digest>;
  /** How many of them came along because they refer to another. */
  readonly referrers: number;
}

/**
 * Copy a manifest and all it names from `source` to `target`: children before parents, referrers after their subject, tags
 * last, every read verified against its descriptor. What the target has is not sent. An interruption leaves a valid
 * target; running again goes on.
 * @throws ChartroomError `not_found` when the source lacks a part, `not_verified` when bytes are wrong, `conflict` from
 *   the target's `pushManifest`; the signal's reason when it is aborted. The first failure stops all that is under way.
 */
export async function copy(
  source: Source,
  target: Target & Partial<Mounts>,
  root: StoredManifest,
  options: CopyOptions,
): Promise<Copied> {
  const { progress, mountFrom, turn = (_blob, work) => work() } = options;
  const failure = new AbortController();
  const signal = AbortSignal.any([failure.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const limit = limiter(parallel);
  // One content may stand as a blob here and as a manifest there: they live in different places.
  const seen = { blob: new Map<Digest, Promise<void>>(), manifest: new Map<Digest, Promise<void>>() };
  const manifests = new Set<Digest>();
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

  // A registry that does not mount one blob will not mount the next.
  let mounts = mountFrom !== undefined && target.mount !== undefined;
  const mount = async (blob: Descriptor): Promise<boolean> => {
    if (!mounts || mountFrom === undefined) return false;
    mounts = (await target.mount?.(blob, mountFrom)) ?? false;
    return mounts;
  };

  const copyBlob = async (blob: Descriptor) => {
    signal.throwIfAborted();
    const asks = !options.unasked || blob.size >= worthResuming;
    if (asks && ((await target.has(blob)) || (await mount(blob)))) return progress?.end?.(blob, false);
    progress?.begin?.(blob);
    await target.pushBlob(blob, (from) => bodyOf(blob, from));
    progress?.end?.(blob, true);
  };

  /** A manifest that another one names, or that refers to another. */
  const copyManifest = (named: Descriptor, depth: number): Promise<void> =>
    once("manifest", named.digest, async () => {
      const stored = await limit(async () => source.manifest(named.digest));
      // A sparse index names platforms that were never copied (image-spec, "unreferenced or missing"); a list of
      // referrers under a tag may name some that were deleted since.
      if (stored === undefined) return;
      verifyBytes(stored.bytes, named);
      const { there } = await copyBelow(stored, depth);
      if (!there) await push(stored, { tags: [], expect: "any" });
    });

  /** What a manifest names. Gives the manifest, and whether the target has it already, to be taken for whole. */
  const copyBelow = async ({ descriptor, bytes }: StoredManifest, depth: number) => {
    signal.throwIfAborted();
    if (depth > depthLimit)
      throw new ChartroomError(
        "invalid",
        `Manifest ${descriptor.digest} is nested more than ${depthLimit} deep`,
      );
    verifyBytes(bytes, descriptor);
    const manifest = parseManifest(bytes, descriptor.mediaType);
    if (manifest.kind === "opaque") refuseWithParts(descriptor, bytes);
    manifests.add(descriptor.digest);
    // A referrer is put again: where there is no API for referrers, an interruption may have left it unlisted.
    const trusted = options.trustPresent && manifest.subject === undefined;
    const there = trusted && (await limit(() => target.resolve(descriptor.digest))) !== undefined;
    const children = there && !options.referrers ? [] : manifestsOf(manifest);
    const blobs = there ? [] : blobsOf(manifest).filter(({ urls = [] }) => urls.length === 0);
    await allSettledOrThrow([
      ...children.map((child) => copyManifest(child, depth + 1)),
      ...blobs.map((blob) =>
        once("blob", blob.digest, () => limit(() => turn(blob.digest, () => copyBlob(blob)))),
      ),
    ]);
    return { manifest, there };
  };

  const push = async ({ descriptor, bytes }: StoredManifest, to: PushManifest): Promise<void> => {
    signal.throwIfAborted();
    progress?.begin?.(descriptor);
    await limit(() => target.pushManifest(descriptor, bytes, to));
    progress?.end?.(descriptor, true);
  };

  /** Who refers to these manifests and was not seen yet. */
  const referringTo = async (subjects: Iterable<Digest>): Promise<Descriptor[]> => {
    const lists = [...subjects].map((subject) => limit(() => Array.fromAsync(source.referrers(subject))));
    return (await allSettledOrThrow(lists)).flat().filter(({ digest }) => !manifests.has(digest));
  };

  const { manifest } = await copyBelow(root, 0);
  await options.admit?.(manifest);
  let known = new Set(manifests);
  const before = known.size;
  let referring = options.referrers ? await referringTo(known) : [];
  // Some registries refuse a manifest whose subject they do not have; tags still come last.
  if (referring.length > 0) await push(root, { tags: [], expect: "any" });
  for (let depth = 1; referring.length > 0; depth++) {
    await allSettledOrThrow(referring.map((each) => copyManifest(each, depth)));
    const fresh = manifests.difference(known);
    known = new Set(manifests);
    referring = await referringTo(fresh);
  }
  await push(root, options);
  return { manifests, referrers: manifests.size - before };
}

/** Members by which manifests name what they need: Docker's first format has `fsLayers`, OCI's withdrawn artifacts `blobs`. */
const parts = ["config", "layers", "blobs", "manifests", "fsLayers"];

/** A manifest of a type that we do not know, and that names what we would leave behind without a word. */
function refuseWithParts({ mediaType, digest }: Descriptor, bytes: Uint8Array): void {
  const document = parseJsonObject(bytes, "manifest");
  if (parts.every((part) => document[part] === undefined)) return;
  throw new ChartroomError(
    "invalid",
    `Cannot copy manifest ${digest}: what it needs is not known of its type ${mediaType}`,
  );
}

/** Wait for all, so that nothing runs on behind an error, then throw the first error there was. */
async function allSettledOrThrow<T>(work: Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(work);
  return settled.map((each) => {
    if (each.status === "rejected") throw each.reason;
    return each.value;
  });
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
