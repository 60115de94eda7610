import { join } from "node:path";
import { isWhole } from "../blobs/whole.ts";
import { errorCode, ifThere } from "../files/filesystem.ts";
import { acquire, type Lock } from "../files/lock.ts";
import { type Digest, tryDigest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { blobsOf, manifestsOf, parseManifest } from "../oci/manifest.ts";
import { inParallel } from "../oci/parallel.ts";
import type { LayoutIndex } from "./index.ts";
import type { Layout } from "./layout.ts";
import { mediaTypeOf } from "./manifest.ts";

/** One thing that is wrong. A warning breaks a SHOULD, or is only waste; a fault loses somebody something. */
export interface Finding {
  readonly level: "fault" | "warning";
  /** The file, digest or name that is meant. */
  readonly where: string;
  readonly message: string;
}

/** What a check looked at and found. */
export interface Checked {
  readonly names: number;
  readonly blobs: number;
  /** Bytes that were read and hashed. */
  readonly bytes: number;
  readonly findings: readonly Finding[];
}

/** Blobs and entries looked at at once. A blob under way holds an open file and 256 KiB. */
const parallel = 64;

// image-spec annotations.md, org.opencontainers.image.ref.name.
const refNameGrammar =
  /^[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*(?:\/[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*)*$/;

/**
 * Verify a layout bit by bit: its marker, its index, every blob against its name, and that all that a name needs is there.
 * Reads everything, changes nothing, and goes on after each fault.
 * @throws LockBusyError when a prune does not end; node's errors
 */
export async function check(layout: Layout, signal?: AbortSignal): Promise<Checked> {
  const findings: Finding[] = [];
  const fault = (where: string, message: string) => findings.push({ level: "fault", where, message });
  const warn = (where: string, message: string) => findings.push({ level: "warning", where, message });

  await using _shared = await holdOffPrune(layout, signal);
  const index = await layout.index().catch((error: unknown) => {
    if (!(error instanceof ChartroomError)) throw error;
    fault(layout.indexPath, error.message);
    return undefined;
  });
  const marker = await ifThere(layout.fs.stat(layout.markerPath));
  if (marker === undefined && index !== undefined && index.entries.length > 0)
    fault(layout.markerPath, "is missing");
  await checkNames(layout, warn);

  const listed = await Array.fromAsync(layout.blobs.list());
  const looked = await inParallel(listed, parallel, async ({ digest, size }) => {
    signal?.throwIfAborted();
    return [digest, { size, good: await isWhole(layout.blobs, digest) }] as const;
  });
  const blobs = new Map(looked);
  const bytes = listed.reduce((sum, { size }) => sum + size, 0);
  if (blobs.size > 0 && (await layout.lacksIndex())) fault(layout.indexPath, "is missing");
  const blamed = new Set<Digest>();
  if (index !== undefined) {
    checkEntries(index, fault, warn);
    const findingsOf = await inParallel(index.entries, parallel, async ({ name, descriptor }) => {
      const found: Finding[] = [];
      if (descriptor === undefined) return found;
      const { digest, size } = descriptor;
      // A layout may lack what it names (image-spec image-layout.md); an entry without a name nobody can pull again.
      if (name === undefined && !blobs.has(digest))
        found.push({ level: "warning", where: digest, message: "is in index.json and not among the blobs" });
      else {
        const tell: Tell = (where, message) => found.push({ level: "fault", where, message });
        await checkTree({ layout, blobs, blamed, fault: tell, name: name ?? digest }, digest, size);
      }
      return found;
    });
    for (const found of findingsOf) findings.push(...found);
  }
  for (const [digest, { good }] of blobs)
    if (!good && !blamed.has(digest)) fault(digest, "its bytes are not what its name says");
  return { names: index?.named().length ?? 0, blobs: blobs.size, bytes, findings };
}

/**
 * Hold the lock shared, so that no prune takes what is about to be read: it would look missing. Where that cannot be, as on
 * a read-only medium, nobody prunes either.
 */
async function holdOffPrune(layout: Layout, signal: AbortSignal | undefined): Promise<Lock | undefined> {
  if ((await ifThere(layout.fs.stat(layout.directory))) === undefined) return undefined;
  try {
    return await acquire(layout.lockPath, "shared", { signal });
  } catch (error) {
    if (["EACCES", "EPERM", "EROFS"].includes(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}

/** A blob that was looked at: its size in bytes, and whether its bytes are its digest's. */
interface Seen {
  readonly size: number;
  readonly good: boolean;
}

type Tell = (where: string, message: string) => void;

/** Files under `blobs/` whose names are no digests: the specification allows nothing else there. */
async function checkNames(layout: Layout, warn: Tell): Promise<void> {
  const root = join(layout.directory, "blobs");
  for (const algorithm of (await ifThere(layout.fs.readdir(root, { withFileTypes: true }))) ?? []) {
    const directory = join(root, algorithm.name);
    if (!algorithm.isDirectory()) {
      warn(directory, "is no directory of blobs");
      continue;
    }
    for (const { name } of await layout.fs.readdir(directory, { withFileTypes: true }))
      if (tryDigest(`${algorithm.name}:${name}`) === undefined)
        warn(join(directory, name), "is named like no blob that we can verify");
  }
}

function checkEntries(index: LayoutIndex, fault: Tell, warn: Tell): void {
  const seen = new Set<string>();
  for (const { name, descriptor, raw } of index.entries) {
    if (descriptor === undefined)
      fault(name ?? JSON.stringify(raw), "its entry in index.json is no descriptor that we can verify");
    if (name === undefined) continue;
    if (seen.has(name)) warn(name, "is in index.json more than once; the last one counts");
    seen.add(name);
    if (!refNameGrammar.test(name))
      warn(name, "does not fit the grammar of reference names (image-spec annotations)");
  }
}

/** On the way through what an entry needs. */
interface Walk {
  readonly layout: Layout;
  /** All that are there. */
  readonly blobs: ReadonlyMap<Digest, Seen>;
  /** Blobs that are not, and that some entry was told to miss. */
  readonly blamed: Set<Digest>;
  readonly fault: Tell;
  /** The entry's. */
  readonly name: string;
}

/** What an entry needs: its manifest, that one's children, theirs. A sparse index may lack children, an image may not. */
async function checkTree(walk: Walk, digest: Digest, size: number): Promise<void> {
  const { layout, blobs, blamed, fault, name } = walk;
  const isCorrupt = (part: string, each: Digest): boolean => {
    if (blobs.get(each)?.good !== false) return false;
    blamed.add(each);
    fault(name, `its ${part} ${each} is corrupt: its bytes have another digest`);
    return true;
  };
  if (!blobs.has(digest)) return fault(name, `its manifest ${digest} is missing`);
  if (isCorrupt("manifest", digest)) return;
  const stored = await layout.manifest(digest);
  if (stored === undefined) return; // another tool's content: that it is whole is all there is to say
  if (stored.descriptor.size !== size)
    fault(name, `its manifest ${digest} has ${stored.descriptor.size} bytes, its entry says ${size}`);
  const manifest = parseChecked(stored.bytes, name, fault);
  if (manifest === undefined) return;
  for (const blob of blobsOf(manifest)) {
    const there = blobs.get(blob.digest)?.size;
    if (there === undefined && (blob.urls ?? []).length === 0)
      fault(name, `its blob ${blob.digest} is missing`);
    if (there !== undefined && !isCorrupt("blob", blob.digest) && there !== blob.size)
      fault(name, `its blob ${blob.digest} has ${there} bytes, its manifest says ${blob.size}`);
  }
  for (const child of manifestsOf(manifest))
    if (blobs.has(child.digest)) await checkTree(walk, child.digest, child.size);
}

function parseChecked(bytes: Uint8Array, name: string, fault: Tell) {
  try {
    return parseManifest(bytes, mediaTypeOf(bytes) ?? "");
  } catch (error) {
    if (!(error instanceof ChartroomError)) throw error;
    fault(name, error.message);
    return undefined;
  }
}
