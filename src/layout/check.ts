import { join } from "node:path";
import { ifThere } from "../files/filesystem.ts";
import { type Digest, tryDigest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { blobsOf, manifestsOf, parseManifest } from "../oci/manifest.ts";
import type { LayoutIndex } from "./index.ts";
import type { Layout } from "./layout.ts";
import { mediaTypeOf } from "./manifest.ts";
import { isWhole } from "./whole.ts";

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

// image-spec annotations.md, org.opencontainers.image.ref.name.
const refNameGrammar =
  /^[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*(?:\/[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*)*$/;

/**
 * Verify a layout bit by bit: its marker, its index, every blob against its name, and that all that a name needs is there.
 * Reads everything, changes nothing, and goes on after each fault.
 */
export async function check(layout: Layout, signal?: AbortSignal): Promise<Checked> {
  const findings: Finding[] = [];
  const fault = (where: string, message: string) => findings.push({ level: "fault", where, message });
  const warn = (where: string, message: string) => findings.push({ level: "warning", where, message });

  const index = await layout.index().catch((error: unknown) => {
    if (!(error instanceof ChartroomError)) throw error;
    fault(layout.indexPath, error.message);
    return undefined;
  });
  const marker = await ifThere(layout.fs.stat(layout.markerPath));
  if (marker === undefined && index !== undefined && index.entries.length > 0)
    fault(layout.markerPath, "is missing");
  await checkNames(layout, warn);

  const whole = new Map<Digest, boolean>();
  let bytes = 0;
  for await (const { digest, size } of layout.blobs.list()) {
    signal?.throwIfAborted();
    const good = await isWhole(layout.blobs, digest);
    whole.set(digest, good);
    bytes += size;
  }
  if (whole.size > 0 && (await layout.lacksIndex())) fault(layout.indexPath, "is missing");
  const blamed = new Set<Digest>();
  if (index !== undefined) {
    checkEntries(index, fault, warn);
    for (const { name, descriptor } of index.entries) {
      if (descriptor === undefined) continue;
      const { digest, size } = descriptor;
      // A layout may lack what it names (image-spec image-layout.md); an entry without a name nobody can pull again.
      if (name === undefined && !whole.has(digest)) warn(digest, "is in index.json and not among the blobs");
      else await checkTree({ layout, whole, blamed, fault, name: name ?? digest }, digest, size);
    }
  }
  for (const [digest, good] of whole)
    if (!good && !blamed.has(digest)) fault(digest, "its bytes are not what its name says");
  return { names: index?.named().length ?? 0, blobs: whole.size, bytes, findings };
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
  /** Of each blob that is there, whether its bytes are its digest's. */
  readonly whole: ReadonlyMap<Digest, boolean>;
  /** Blobs that are not, and that some entry was told to miss. */
  readonly blamed: Set<Digest>;
  readonly fault: Tell;
  /** The entry's. */
  readonly name: string;
}

/** What an entry needs: its manifest, that one's children, theirs. A sparse index may lack children, an image may not. */
async function checkTree(walk: Walk, digest: Digest, size: number): Promise<void> {
  const { layout, whole, blamed, fault, name } = walk;
  const isCorrupt = (part: string, each: Digest): boolean => {
    if (whole.get(each) !== false) return false;
    blamed.add(each);
    fault(name, `its ${part} ${each} is corrupt: its bytes have another digest`);
    return true;
  };
  if (!whole.has(digest)) return fault(name, `its manifest ${digest} is missing`);
  if (isCorrupt("manifest", digest)) return;
  const stored = await layout.manifest(digest);
  if (stored === undefined) return; // another tool's content: that it is whole is all there is to say
  if (stored.descriptor.size !== size)
    fault(name, `its manifest ${digest} has ${stored.descriptor.size} bytes, its entry says ${size}`);
  const manifest = parseChecked(stored.bytes, name, fault);
  if (manifest === undefined) return;
  for (const blob of blobsOf(manifest)) {
    const there = await layout.blobs.stat(blob.digest);
    if (there === undefined && (blob.urls ?? []).length === 0)
      fault(name, `its blob ${blob.digest} is missing`);
    if (there !== undefined && !isCorrupt("blob", blob.digest) && there !== blob.size)
      fault(name, `its blob ${blob.digest} has ${there} bytes, its manifest says ${blob.size}`);
  }
  for (const child of manifestsOf(manifest))
    if (whole.has(child.digest)) await checkTree(walk, child.digest, child.size);
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
