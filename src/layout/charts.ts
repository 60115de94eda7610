import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseConfig } from "../chart/config.ts";
import { chartManifest } from "../chart/manifest.ts";
import { ifThere } from "../files/filesystem.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { parseManifest } from "../oci/manifest.ts";
import { readVerified } from "../oci/verify.ts";
import type { IndexEntry } from "./index.ts";
import type { Layout } from "./layout.ts";
import { type ChartFacts, readRows, writeRows } from "./rows.ts";

/** A chart that the store names. */
export interface StoredChart extends ChartFacts {
  readonly ref: string;
  readonly manifest: Descriptor;
  /** When its content came into the store, ms since 1970. */
  readonly created: number;
}

/** An entry that is no chart, or one whose parts are not all there. */
export interface BadEntry {
  readonly ref: string;
  readonly manifest: Descriptor | undefined;
  readonly error: ChartroomError;
}

/** Entries looked at at once: enough to keep the disk busy, few enough for the limit on open files. */
const parallel = 64;

/**
 * Every named entry as a chart or as what is wrong with it, sorted by name. What a manifest says never changes, so it is
 * remembered beside the layout by digest; whether the files are there, and of the right size, is asked each time.
 * @param matches which names to look at
 */
export async function charts(
  layout: Layout,
  matches: (ref: string) => boolean = () => true,
): Promise<(StoredChart | BadEntry)[]> {
  const entries = (await layout.index()).named().filter(({ name }) => matches(name));
  const known = await readRows(layout);
  const there = await presentBlobs(layout);
  const learned = new Map<Digest, ChartFacts>();
  const factsOf = async (manifest: Descriptor): Promise<ChartFacts> => {
    const facts = known.get(manifest.digest);
    if (facts !== undefined && there.has(manifest.digest) && there.has(facts.config)) return facts;
    const read = await readFacts(layout, manifest);
    learned.set(manifest.digest, read);
    return read;
  };
  const rows: (StoredChart | BadEntry)[] = [];
  for (let at = 0; at < entries.length; at += parallel)
    rows.push(
      ...(await Promise.all(entries.slice(at, at + parallel).map((each) => rowOf(layout, each, factsOf)))),
    );
  if (learned.size > 0) await writeRows(layout, new Map([...known, ...learned]));
  return rows;
}

/**
 * The chart that a name, or `…@digest`, points at; undefined when nothing has that name.
 * @throws ChartroomError when what it points at is no chart, or not whole
 */
export async function chart(layout: Layout, name: string): Promise<StoredChart | undefined> {
  const entry = (await layout.index()).get(name);
  const descriptor = entry === undefined ? await layout.resolve(name) : entry.descriptor;
  if (entry === undefined && descriptor === undefined) return undefined;
  const row = await rowOf(layout, { name, descriptor }, (manifest) => readFacts(layout, manifest));
  if ("error" in row) throw row.error;
  return row;
}

async function rowOf(
  layout: Layout,
  { name, descriptor }: Pick<IndexEntry, "descriptor"> & { name: string },
  factsOf: (manifest: Descriptor) => Promise<ChartFacts>,
): Promise<StoredChart | BadEntry> {
  const { mediaType = "", digest, size = 0 } = descriptor ?? {};
  const manifest = digest && { mediaType, digest, size };
  try {
    if (manifest === undefined)
      throw new ChartroomError("not_verified", "its entry is no descriptor that we can read");
    const facts = await factsOf(manifest);
    const [created] = await Promise.all([
      cameAt(layout, "content", facts.content),
      cameAt(layout, "manifest", manifest),
      facts.provenance && cameAt(layout, "provenance", facts.provenance),
    ]);
    return { ref: name, manifest, ...facts, created };
  } catch (error) {
    if (!(error instanceof ChartroomError)) throw error;
    const { code, message, hint } = error;
    const whole = new ChartroomError(code, `Cannot use ${name}: ${message}`, {
      cause: error,
      ...(hint && { hint }),
    });
    return { ref: name, manifest, error: whole };
  }
}

/** When a part came, by its file's time, as Helm's list had it; it must be there and of its size. */
async function cameAt(layout: Layout, what: string, { digest, size }: Descriptor): Promise<number> {
  const stats = await ifThere(layout.fs.stat(layout.blobPath(digest)));
  if (stats === undefined) throw broken(`its ${what} ${digest} is missing`);
  if (stats.size !== size) throw broken(`its ${what} ${digest} has ${stats.size} bytes, expected ${size}`);
  return stats.mtimeMs;
}

const broken = (why: string) =>
  new ChartroomError("not_verified", why, {
    hint: "Pull or save it again; `chartroom chart check` names every fault.",
  });

/** What a chart's manifest and config say. @throws ChartroomError when it is no chart, or not whole */
export async function readFacts(layout: Layout, manifest: Descriptor): Promise<ChartFacts> {
  const bytes = await readPart(layout, "its manifest", manifest);
  const { config, content, provenance } = chartManifest(parseManifest(bytes, manifest.mediaType));
  const { name, version } = parseConfig(await readPart(layout, "its config", config));
  return { name, version, config: config.digest, content, provenance };
}

async function readPart(layout: Layout, what: string, part: Descriptor): Promise<Uint8Array> {
  const stream = await layout.blobs.read(part.digest);
  if (stream === undefined) throw broken(`${what} ${part.digest} is missing`);
  return readVerified(stream, part);
}

/** Which blobs there are, by one look into each directory instead of one call a blob. */
async function presentBlobs(layout: Layout): Promise<Set<string>> {
  const there = new Set<string>();
  for (const algorithm of ["sha256", "sha512"])
    for (const name of (await ifThere(readdir(join(layout.directory, "blobs", algorithm)))) ?? [])
      there.add(`${algorithm}:${name}`);
  return there;
}
