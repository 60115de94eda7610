import { openArchive } from "../chart/archive/archive.ts";
import { metadataOf, type ReadFacts } from "../chart/facts.ts";
import type { Metadata } from "../chart/metadata.ts";
import type { ChartInMemory } from "../chart/packed.ts";
import { type Renaming, rewriteDependencies } from "../chart/rewriteDependencies.ts";
import { compareVersions, tryVersion } from "../chart/version.ts";
import { algorithmOf, type Digest, digestOf } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import type { limiter } from "../oci/limiter.ts";
import type { IndexRow } from "./indexRow.ts";
import { findProvenance } from "./provenance.ts";
import type { Admit } from "./room.ts";
import type { ArchivePlace, ChartSource } from "./source.ts";

/** What becomes of an archive that is not what the index says; Helm takes it, and indexes in the wild are wrong. */
export type MismatchPolicy = "fail" | "warn" | "skip";

/** A chart as its repository gave it. */
export interface TakenChart extends ChartInMemory {
  /** What a person should know, a sentence each without a dot. */
  readonly notes: readonly string[];
  /** The archive is not the source's: its dependencies are in the target now. */
  readonly rewritten: boolean;
}

export interface TakeOptions {
  readonly onMismatch: MismatchPolicy;
  /** For opening archives: one has up to 100 MiB unpacked, so few at once. */
  readonly openings: ReturnType<typeof limiter>;
  /** Asked for room before an archive is held. */
  readonly admit?: Admit | undefined;
  /** Reads archives on another thread; here where there is none. What is renamed is opened here. */
  readonly read?: ReadFacts | undefined;
  /** Where dependencies are in the target; without it archives go over as they are. */
  readonly renaming?: Renaming | undefined;
}

/** The archive has another digest than its row says, and is to be left alone. */
export class MismatchSkipped extends Error {}

/**
 * A row's chart out of its source: from the first place that has the archive which the index means, opened, and with its
 * provenance, wherever that is.
 * @throws MismatchSkipped; ChartroomError `not_verified` when no place has the right bytes, `invalid` for what is no chart, or
 *   one of another name or version; else what the last place failed with
 */
export async function takeChart(
  source: Pick<ChartSource, "places">,
  row: IndexRow,
  { onMismatch, openings, read, renaming, admit }: TakeOptions,
): Promise<TakenChart> {
  const places = source.places(row);
  const { place, archive, digest, matches } = await takeArchive(places, row, onMismatch, admit);
  const notes = matches ? [] : [`the index says ${row.digest}, the archive is ${digest}`];
  if (row.oddDigest !== undefined)
    notes.push(
      `the index says ${JSON.stringify(row.oddDigest.slice(0, 100))}, which is no digest to compare with`,
    );
  const [{ metadata, rewritten }, provenance] = await Promise.all([
    openings(async () => {
      if (read !== undefined && renaming === undefined) return { metadata: await metadataBy(read, archive) };
      const chart = await openArchive(archive);
      return { metadata: chart.metadata, rewritten: renaming && rewriteDependencies(chart, renaming) };
    }),
    findProvenance(places, digest, place),
  ]);
  notes.push(...compared(row, metadata));
  if (rewritten !== undefined) {
    const signature = provenance === undefined ? "" : "; its signature is of the old archive, and was left";
    notes.push(`its dependencies are in the target now, so its digest is another${signature}`);
    return { ...rewritten, provenance: undefined, notes, rewritten: true };
  }
  if (provenance?.isStale) notes.push("its provenance file is of another archive");
  return { metadata, archive, provenance: provenance?.bytes, notes, rewritten: false };
}

async function metadataBy(read: ReadFacts, archive: Uint8Array): Promise<Metadata> {
  const facts = await read(archive);
  if ("unreadable" in facts)
    throw new ChartroomError("invalid", `The archive cannot be read: ${facts.unreadable}`);
  return metadataOf(facts);
}

/** An archive, and whether it is what the index says. */
export interface FoundArchive {
  readonly place: ArchivePlace;
  readonly archive: Uint8Array;
  /** By the algorithm that the index goes by. */
  readonly digest: Digest;
  readonly matches: boolean;
}

/**
 * From the first of the places that has it, the archive which a row means.
 * @throws MismatchSkipped; ChartroomError `not_verified` when no place has the right bytes; else what the last place failed with
 */
export async function takeArchive(
  places: readonly ArchivePlace[],
  { digest: meant }: Pick<IndexRow, "digest">,
  onMismatch: MismatchPolicy,
  admit?: Admit,
): Promise<FoundArchive> {
  let failure: unknown = new ChartroomError("not_found", "None of its URLs can be a file of the directory");
  let wrong: FoundArchive | undefined;
  for (const place of places) {
    try {
      const archive = await place.archive(admit);
      if (!isPacked(archive)) throw notPacked(archive, place);
      const digest = digestOf(archive, meant && algorithmOf(meant));
      const matches = meant === undefined || digest === meant;
      if (matches) return { place, archive, digest, matches };
      wrong ??= { place, archive, digest, matches };
    } catch (error) {
      failure = error;
    }
  }
  if (wrong === undefined) throw failure;
  if (onMismatch === "warn") return wrong;
  if (onMismatch === "skip") throw new MismatchSkipped(`${wrong.place.shown} is not what the index says`);
  throw mismatch(wrong, meant);
}

const mismatch = ({ place, digest }: FoundArchive, meant: Digest | undefined): ChartroomError =>
  new ChartroomError(
    "not_verified",
    `${place.shown} is not what the index says: its digest is ${digest}, not ${meant}`,
    { hint: "--on-digest-mismatch warn takes it nevertheless." },
  );

/** Whether bytes begin as gzip does (RFC 1952 §2.3.1). */
const isPacked = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

function notPacked(bytes: Uint8Array, { shown }: ArchivePlace): ChartroomError {
  const isPage = /^\s*</.test(new TextDecoder().decode(bytes.subarray(0, 100)));
  const what = isPage ? "a web page, not an archive" : "no archive: it is not gzip";
  return new ChartroomError("invalid", `${shown} is ${what}`);
}

/**
 * What an archive says of itself against its row. Of two ways to write one version the archive's counts; another chart, or
 * another version of it, would come to stand where nobody asked for it.
 */
function compared(row: IndexRow, { name, version }: Metadata): string[] {
  const [written, meant] = [tryVersion(version)!, tryVersion(row.version)!];
  const same = compareVersions(written, meant) === 0;
  if (name !== row.name || !same)
    throw new ChartroomError("invalid", `The archive is of ${name} ${version}, not what the index says`);
  return version === row.version ? [] : [`the archive writes its version ${version}, and that is its tag`];
}
