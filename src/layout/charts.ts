import type { Stats } from "node:fs";
import { join, sep } from "node:path";
import { ifThere } from "../files/filesystem.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { type Algorithm, algorithmOf, type Digest, hexOf } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { parseManifest } from "../oci/manifest.ts";
import { inParallel } from "../oci/parallel.ts";
import { readVerified } from "../oci/verify.ts";
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

/** Manifests read at once: enough to keep the disk busy, few enough for the limit on open files. */
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
  const [index, known, there] = await Promise.all([layout.index(), readRows(layout), presentBlobs(layout)]);
  const entries = index.named().filter(({ name }) => matches(name));
  const unknown = new Map<Digest, Descriptor>();
  for (const { descriptor } of entries) {
    const facts = descriptor && known.get(descriptor.digest);
    if (descriptor !== undefined && !(facts && there(facts.config)))
      unknown.set(descriptor.digest, descriptor);
  }
  const learned = await inParallel([...unknown.values()], parallel, async (manifest) => {
    const facts = await tryFacts(layout, manifest);
    if (!(facts instanceof ChartroomError)) known.set(manifest.digest, facts);
    return [manifest.digest, facts] as const;
  });
  if (learned.some(([, facts]) => !(facts instanceof ChartroomError))) await writeRows(layout, known);
  const fresh = new Map(learned);
  return rowsOf(
    layout,
    entries.map(({ name, descriptor }) => ({
      name,
      descriptor,
      facts: descriptor && (fresh.get(descriptor.digest) ?? known.get(descriptor.digest)),
    })),
  );
}

/**
 * The chart that a name, or `…@digest`, points at; undefined when nothing has that name.
 * @throws ChartroomError when what it points at is no chart, or not whole
 */
export async function chart(layout: Layout, name: string): Promise<StoredChart | undefined> {
  const entry = (await layout.index()).get(name);
  const descriptor = entry === undefined ? await layout.resolve(name) : entry.descriptor;
  if (entry === undefined && descriptor === undefined) return undefined;
  const facts = descriptor && (await tryFacts(layout, descriptor));
  const [row] = await rowsOf(layout, [{ name, descriptor, facts }]);
  if (row !== undefined && "error" in row) throw row.error;
  return row;
}

/** A name, what it points at, and what that says of itself, or why that cannot be read. */
interface Found {
  readonly name: string;
  readonly descriptor: Descriptor | undefined;
  readonly facts: ChartFacts | ChartroomError | undefined;
}

async function rowsOf(layout: Layout, found: readonly Found[]): Promise<(StoredChart | BadEntry)[]> {
  const below = (algorithm: Algorithm) => join(layout.directory, "blobs", algorithm, sep);
  const directories = { sha256: below("sha256"), sha512: below("sha512") };
  const parts = found.map(partsOf);
  const paths = parts.flat().map(({ digest }) => directories[algorithmOf(digest)] + hexOf(digest));
  const stats = await layout.fs.stats(paths);
  let at = 0;
  return found.map((each, i) => {
    const from = at;
    at += parts[i]!.length;
    return rowOf(each, parts[i]!, stats.slice(from, at));
  });
}

/** What the files of a chart are to it. */
const partNames = ["content", "manifest", "provenance"];

/** The files that a chart must have, in the order of their names. */
function partsOf({ descriptor, facts }: Found): readonly Descriptor[] {
  if (descriptor === undefined || facts === undefined || facts instanceof ChartroomError) return [];
  const { content, provenance } = facts;
  return provenance === undefined ? [content, descriptor] : [content, descriptor, provenance];
}

/** @param stats of the parts, which must be there and of their size; the content's time is when it came, as in Helm's list */
function rowOf(
  { name, descriptor, facts }: Found,
  parts: readonly Descriptor[],
  stats: readonly (Stats | undefined)[],
): StoredChart | BadEntry {
  const { mediaType = "", digest, size = 0 } = descriptor ?? {};
  const manifest = digest && { mediaType, digest, size };
  const refuse = ({ code, message, hint }: ChartroomError): BadEntry => ({
    ref: name,
    manifest,
    error: new ChartroomError(code, `Cannot use ${name}: ${message}`, { ...(hint && { hint }) }),
  });
  if (manifest === undefined || facts === undefined)
    return refuse(new ChartroomError("not_verified", "its entry is no descriptor that we can read"));
  if (facts instanceof ChartroomError) return refuse(facts);
  for (const [i, part] of parts.entries()) {
    const there = stats[i];
    if (there === undefined) return refuse(broken(`its ${partNames[i]} ${part.digest} is missing`));
    if (there.size !== part.size)
      return refuse(
        broken(`its ${partNames[i]} ${part.digest} has ${there.size} bytes, expected ${part.size}`),
      );
  }
  return { ref: name, manifest, ...facts, created: stats[0]?.mtimeMs ?? 0 };
}

const broken = (why: string) =>
  new ChartroomError("not_verified", why, {
    hint: "Pull or save it again; `chartroom chart check` names every fault.",
  });

/** What a manifest says, or why that cannot be told. */
async function tryFacts(layout: Layout, manifest: Descriptor): Promise<ChartFacts | ChartroomError> {
  try {
    return await readFacts(layout, manifest);
  } catch (error) {
    if (error instanceof ChartroomError) return error;
    throw error;
  }
}

/** What a chart's manifest and config say. @throws ChartroomError when it is no chart, or not whole */
export async function readFacts(layout: Layout, manifest: Descriptor): Promise<ChartFacts> {
  // Not above: a list of charts that are known reads nothing, and need not load YAML's parser, which takes 3 ms.
  const [{ chartManifest }, { parseConfig }] = await Promise.all([
    import("../chart/manifest.ts"),
    import("../chart/config.ts"),
  ]);
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
async function presentBlobs(layout: Layout): Promise<(digest: Digest) => boolean> {
  const namesOf = async (algorithm: Algorithm) =>
    new Set(await ifThere(layout.fs.readdir(join(layout.directory, "blobs", algorithm))));
  const there = { sha256: await namesOf("sha256"), sha512: await namesOf("sha512") };
  return (digest) => there[algorithmOf(digest)].has(hexOf(digest));
}
