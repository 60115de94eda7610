import type { Stats } from "node:fs";
import { join } from "node:path";
import { within } from "../files/within.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { algorithmOf, type Digest, digestOf, hexOf } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { parseManifest } from "../oci/manifest.ts";
import { inParallel } from "../oci/parallel.ts";
import { readVerified } from "../oci/verify.ts";
import { LayoutIndex } from "./index.ts";
import type { Layout } from "./layout.ts";
import { type ChartFacts, type Row, type Rows, readRows, writeRows } from "./rows.ts";

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
 * remembered beside the layout, by name and digest; whether the files are there, and of the right size, is asked each time.
 * @param matches which names to look at
 */
export async function charts(
  layout: Layout,
  matches: (ref: string) => boolean = () => true,
): Promise<(StoredChart | BadEntry)[]> {
  const [bytes, remembered] = await Promise.all([layout.indexBytes(), readRows(layout)]);
  if (bytes === undefined) return [];
  // An index.json that was read before need not be parsed again: with its ten thousand names a quarter of a list's time.
  const digest = digestOf(bytes);
  const found =
    remembered.index === digest
      ? remembered.rows
      : await learn(layout, { bytes, digest, remembered, matches });
  return within(join(layout.blobsPath, "sha256"), (before) => {
    const look: Look = (blob) =>
      layout.fs.statSync(algorithmOf(blob) === "sha256" ? before + hexOf(blob) : layout.blobPath(blob));
    const rows: (StoredChart | BadEntry)[] = [];
    for (const each of found) if (matches(each.name)) rows.push(rowOf(each, look));
    return rows;
  });
}

/** The file of a blob, undefined where there is none. */
type Look = (digest: Digest) => Stats | undefined;

/** A name, what it points at, and what that says of itself, or why that cannot be read. */
interface Found {
  readonly name: string;
  readonly descriptor: Descriptor | undefined;
  /** Undefined until its manifest is read. */
  facts: ChartFacts | ChartroomError | undefined;
}

/** What is to be learned, and from what. */
interface Lesson {
  /** Of index.json, as `digest`. */
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly remembered: Rows;
  /** Which names are asked for; of the others only what is known is told. */
  readonly matches: (name: string) => boolean;
}

/** All names of index.json, and what their manifests say: what is not known is read, and remembered. */
async function learn(layout: Layout, { bytes, digest, remembered, matches }: Lesson): Promise<Found[]> {
  const named = LayoutIndex.parse(bytes, layout.indexPath).named();
  // Both are sorted by name: a map of the ten thousand that are known took four times as long.
  let at = 0;
  const found = named.map(({ name, descriptor }): Found => {
    while (at < remembered.rows.length && remembered.rows[at]!.name < name) at++;
    const row = remembered.rows[at];
    const known = row?.name === name && descriptor !== undefined && isSame(row.descriptor, descriptor);
    return known ? row : { name, descriptor, facts: undefined };
  });
  const unknown = found.filter((each) => each.facts === undefined && matches(each.name));
  await inParallel(unknown, parallel, async (each) => {
    if (each.descriptor !== undefined) each.facts = await tryFacts(layout, each.descriptor);
  });
  const rows = found.filter(isRow);
  const index = rows.length === found.length ? digest : undefined;
  if (index !== undefined || unknown.some(isRow)) await writeRows(layout, { index, rows });
  return found;
}

const isSame = (a: Descriptor, b: Descriptor): boolean =>
  a.digest === b.digest && a.size === b.size && a.mediaType === b.mediaType;

const isRow = (found: Found): found is Row =>
  found.descriptor !== undefined && found.facts !== undefined && !(found.facts instanceof ChartroomError);

/**
 * The chart that a name, or `…@digest`, points at; undefined when nothing has that name.
 * @throws ChartroomError when what it points at is no chart, or not whole
 */
export async function chart(layout: Layout, name: string): Promise<StoredChart | undefined> {
  const entry = (await layout.index()).get(name);
  const descriptor = entry === undefined ? await layout.resolve(name) : entry.descriptor;
  if (entry === undefined && descriptor === undefined) return undefined;
  return chartOf(layout, name, descriptor);
}

/**
 * The chart of a manifest, as what a name points at: for who has just set the name, and need not look it up among thousands.
 * @throws ChartroomError when it is no chart, or not whole
 */
export async function chartOf(
  layout: Layout,
  name: string,
  descriptor: Descriptor | undefined,
): Promise<StoredChart> {
  const facts = descriptor && (await tryFacts(layout, descriptor));
  const row = rowOf({ name, descriptor, facts }, (digest) => layout.fs.statSync(layout.blobPath(digest)));
  if ("error" in row) throw row.error;
  return row;
}

/** A chart when its parts are all there and of their size; the time of its content's file is when it came, as in Helm's list. */
function rowOf({ name: ref, descriptor, facts }: Found, look: Look): StoredChart | BadEntry {
  const { mediaType = "", digest, size = 0 } = descriptor ?? {};
  const manifest = digest && { mediaType, digest, size };
  const refuse = ({ code, message, hint }: ChartroomError): BadEntry => ({
    ref,
    manifest,
    error: new ChartroomError(code, `Cannot use ${ref}: ${message}`, { ...(hint && { hint }) }),
  });
  if (manifest === undefined || facts === undefined)
    return refuse(new ChartroomError("not_verified", "its entry is no descriptor that we can read"));
  if (facts instanceof ChartroomError) return refuse(facts);
  try {
    // Member by member, as in `parseDescriptor`.
    const { name, version, config, content, provenance } = facts;
    const created = fileOf(look, "content", content).mtimeMs;
    fileOf(look, "manifest", manifest);
    fileOf(look, "config", config);
    if (provenance !== undefined) fileOf(look, "provenance", provenance);
    return { ref, manifest, name, version, config, content, provenance, created };
  } catch (error) {
    if (error instanceof ChartroomError) return refuse(error);
    throw error;
  }
}

/** @throws ChartroomError `not_verified` when a part of a chart has no file, or one of another size */
function fileOf(look: Look, part: string, { digest, size }: Descriptor): Stats {
  const file = look(digest);
  if (file === undefined) throw broken(`its ${part} ${digest} is missing`);
  if (file.size === size) return file;
  throw broken(`its ${part} ${digest} has ${file.size} bytes, expected ${size}`);
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
  return { name, version, config, content, provenance };
}

async function readPart(layout: Layout, what: string, part: Descriptor): Promise<Uint8Array> {
  const stream = await layout.blobs.read(part.digest);
  if (stream === undefined) throw broken(`${what} ${part.digest} is missing`);
  return readVerified(stream, part);
}
