import { parseConfig } from "../chart/config.ts";
import { createdOf } from "../chart/moment.ts";
import { type PackedForPush, packForPush } from "../chart/packed.ts";
import { copy } from "../oci/copy.ts";
import type { Digest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { parseTag, type RepositoryName, type Tag } from "../oci/reference.ts";
import type { Expected, Reads, StoredManifest, Target } from "../oci/repository.ts";
import { readVerified } from "../oci/verify.ts";
import { heldChart, isMeant, isOfAnotherDate } from "./held.ts";
import type { Learnings } from "./journal.ts";
import type { Outcome } from "./outcome.ts";
import type { Step } from "./plan.ts";
import { isSignedSince } from "./provenance.ts";
import type { ChartSource } from "./source.ts";
import { MismatchSkipped, type TakeOptions, takeChart } from "./take.ts";

/** What becomes of a chart whose tag holds something else. */
export type ConflictPolicy = "fail" | "skip" | "overwrite";

/** Where charts go: repositories below one prefix. */
export interface MigrationTarget {
  reads(repository: RepositoryName): Reads;
  /**
   * Whether a repository has nothing, as its place said of all at once. It may be wrong by now: who pushes there still looks.
   * Where nothing is known it is false.
   */
  lacks?(repository: RepositoryName): Promise<boolean>;
  push(repository: RepositoryName, work: (target: Target) => Promise<void>): Promise<void>;
}

export interface Migration extends TakeOptions {
  readonly source: Pick<ChartSource, "places">;
  readonly target: MigrationTarget;
  readonly learnings: Pick<Learnings, "find">;
  readonly onConflict: ConflictPolicy;
  /** Whether what is there without provenance is asked for it again: its manifest would be another then. */
  readonly lateProvenance: boolean;
  readonly signal: AbortSignal;
  /** Whether a dependency's repository is the source; nothing is where that has no URL. */
  readonly isSource?: ((repository: string) => boolean) | undefined;
  /**
   * What goes along with a chart, brought before it: when the migration is stopped between the two, the next one brings the
   * chart, and what was to go along is not forgotten. It keeps its failures to itself.
   */
  readonly accompany?: ((step: Step) => Promise<void>) | undefined;
}

/**
 * Bring one chart into the target. What is there costs one request, where the index has its digest; that a whole repository is
 * not there need not be asked again for each of its tags.
 * @throws what the source, the archive or the target fails with; ChartroomError `conflict` by the policy
 */
export async function migrate(migration: Migration, step: Step): Promise<Outcome> {
  migration.signal.throwIfAborted();
  if (await migration.target.lacks?.(step.repository))
    try {
      return await bring(migration, step, async () => undefined);
    } catch (error) {
      // Somebody else has come first.
      if (!(error instanceof ChartroomError && error.code === "conflict")) throw error;
    }
  return bring(migration, step, async (tag) => migration.target.reads(step.repository).manifest(tag));
}

async function bring(
  migration: Migration,
  step: Step,
  look: (tag: Tag) => Promise<StoredManifest | undefined>,
): Promise<Outcome> {
  const { source, learnings, onConflict } = migration;
  const planned = learnings.find(step)?.tag ?? step.tag;
  const held = await look(planned);
  if (held !== undefined && (await isWanted(migration, held, step))) return there(step, planned, held);
  if (held !== undefined && onConflict === "skip" && isForetold(migration, step))
    return skipped(step, heldSays(held, step.row.digest));

  const chart = await takeChart(source, step.row, migration).catch((error) => {
    if (error instanceof MismatchSkipped) return error;
    throw error;
  });
  if (chart instanceof MismatchSkipped) return skipped(step, chart.message);
  const packed = packForPush(chart, createdOf(step.row.created));
  const tag = parseTag(chart.metadata.version);
  const before = tag === planned ? held : await look(tag);
  const { digest } = packed.manifest.descriptor;
  const { dependencies } = chart.metadata;
  const dependsOnSource = dependencies.filter((each) => migration.isSource?.(each.repository)).length;
  const read = { archive: packed.content, size: chart.archive.byteLength, manifest: digest };
  const result = { step, tag, ...read, dependsOnSource };
  if (before !== undefined) {
    const dated = { digest: packed.content, created: step.row.created };
    const isSigned = migration.lateProvenance && chart.provenance !== undefined;
    const hasLess = isSigned && heldChart(before)?.provenance === undefined;
    if (before.descriptor.digest === digest || (!hasLess && (await isKept(migration, before, step, dated))))
      return { ...result, status: "exists", manifest: before.descriptor.digest, notes: chart.notes };
    if (onConflict === "skip") return skipped(step, heldSays(before, packed.content));
    // Under a tag of another row's, nobody asked to replace anything.
    if (onConflict === "fail" || tag !== step.tag) throw taken(tag, before, packed);
  }
  const expect = before?.descriptor.digest ?? "absent";
  await migration.accompany?.(step);
  await push(migration, step.repository, packed, tag, expect);
  const replaced = before?.descriptor.digest;
  const notes = replaced === undefined ? chart.notes : [...chart.notes, `it replaces ${replaced}`];
  return { ...result, status: "moved", replaced, notes };
}

/** Whether a manifest stays though its row has another date by now: that alone moves no digest, unless asked to. */
const isKept = async (
  { target, onConflict }: Pick<Migration, "target" | "onConflict">,
  held: StoredManifest,
  { repository }: Pick<Step, "repository">,
  row: Pick<Step["row"], "digest" | "created">,
): Promise<boolean> =>
  onConflict !== "overwrite" && (await isOfAnotherDate(held, row, target.reads(repository)));

/**
 * Whether a manifest is what a step would push, or may stay. One whose dependencies are to be rewritten still is not, nor one whose
 * provenance came later, where that is asked for.
 */
async function isWanted(migration: Migration, held: StoredManifest, step: Step): Promise<boolean> {
  const { source, target, renaming, learnings, lateProvenance } = migration;
  const isLearned = learnings.find(step)?.manifest === held.descriptor.digest;
  if (!isLearned && !isMeant(held, step) && !(await isKept(migration, held, step, step.row))) return false;
  if (lateProvenance && (await isSignedSince(held, source.places(step.row)))) return false;
  const config = heldChart(held)?.config;
  if (renaming === undefined || config === undefined) return true;
  const blob = await target.reads(step.repository).blob(config);
  const { dependencies } = parseConfig(await readVerified(blob, config));
  return dependencies.every((each) => renaming(each) === undefined);
}

/** Whether an index says which archive would be pushed: one whose dependencies are rewritten is another. */
const isForetold = ({ renaming }: Pick<Migration, "renaming">, { row }: Step): boolean =>
  row.digest !== undefined && renaming === undefined;

/** What `migrate` would do, without asking for an archive; what it cannot know then, it says. */
export async function foresee(migration: Migration, step: Step) {
  const { source, target, learnings, onConflict, signal } = migration;
  signal.throwIfAborted();
  const tag = learnings.find(step)?.tag ?? step.tag;
  const isNew = (await target.lacks?.(step.repository)) ?? false;
  const held = isNew ? undefined : await target.reads(step.repository).manifest(tag);
  if (held !== undefined && (await isWanted(migration, held, step))) return there(step, tag, held);
  const known = isForetold(migration, step);
  const says = held && heldSays(held, step.row.digest);
  if (says !== undefined && known && onConflict === "skip") return skipped(step, says);
  const size = await source.places(step.row)[0]?.size();
  const status = held !== undefined && known && onConflict === "fail" ? "conflict" : "planned";
  const notes = says === undefined ? [] : [known ? says : "whether its tag holds just this cannot be told"];
  return { step, tag, status, size, notes } satisfies Outcome;
}

const there = (step: Step, tag: Tag, held: StoredManifest): Outcome => {
  const content = heldChart(held)?.content;
  const parts = { archive: content?.digest, size: content?.size, manifest: held.descriptor.digest };
  return { step, tag, status: "exists", ...parts, notes: [] };
};

const skipped = (step: Step, why: string): Outcome => ({
  step,
  tag: step.tag,
  status: "skipped",
  notes: [why],
});

/** What is said of a tag that holds another manifest than the one of this archive that would be pushed. */
const heldSays = (held: StoredManifest, archive: Digest | undefined): string =>
  archive !== undefined && heldChart(held)?.content.digest === archive
    ? "its tag holds the same archive in another manifest"
    : "its tag holds something else";

function taken(tag: Tag, before: StoredManifest, { manifest, content }: PackedForPush): ChartroomError {
  const same = heldChart(before)?.content.digest === content;
  const what = same ? "the same archive in another manifest" : "another manifest";
  return new ChartroomError(
    "conflict",
    `The tag ${tag} holds ${what}: ${before.descriptor.digest}, not ${manifest.descriptor.digest}`,
    { hint: "--on-conflict skip leaves such charts alone, --on-conflict overwrite replaces them." },
  );
}

async function push(
  { target, signal }: Migration,
  repository: RepositoryName,
  { manifest, source }: PackedForPush,
  tag: Tag,
  expect: Expected,
): Promise<void> {
  await target.push(repository, async (writes) => {
    await copy(source, writes, manifest, { tags: [tag], expect, signal, unasked: expect === "absent" });
  });
}
