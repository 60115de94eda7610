import { createdOf } from "../chart/moment.ts";
import { digestOf } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { readVerified } from "../oci/verify.ts";
import { heldChart, isOfAnotherDate } from "./held.ts";
import type { Migration } from "./migrate.ts";
import type { Outcome } from "./outcome.ts";
import type { Step } from "./plan.ts";
import { findProvenance } from "./provenance.ts";
import { takeChart } from "./take.ts";

/**
 * Compare a row with what the target has: its archive by digest, its date, its provenance byte for byte. The archive is
 * fetched where the index has no digest, or another one.
 * @throws ChartroomError `not_found` for what is missing, `not_verified` for what differs; what the source and the target
 *   fail with
 */
export async function verifyStep(migration: Migration, step: Step) {
  const { source, target, learnings, signal } = migration;
  signal.throwIfAborted();
  const { row, repository } = step;
  const tag = learnings.find(step)?.tag ?? step.tag;
  const reads = target.reads(repository);
  const held = await reads.manifest(tag);
  if (held === undefined) throw new ChartroomError("not_found", `Missing: ${repository}:${tag}`);
  const differs = (why: string, hint?: string) =>
    new ChartroomError(
      "not_verified",
      `${repository}:${tag} differs: ${why}`,
      hint === undefined ? {} : { hint },
    );
  const chart = heldChart(held);
  if (chart === undefined) throw differs("it is no chart");
  const { content, provenance, created } = chart;
  const notes: string[] = [];
  let rewritten = false;
  if (content.digest !== row.digest || migration.renaming !== undefined) {
    const taken = await takeChart(source, row, { ...migration, onMismatch: "warn" });
    if (digestOf(taken.archive) !== content.digest) throw differs(`its archive is ${content.digest}`);
    rewritten = taken.rewritten;
    if (rewritten) notes.push("its dependencies were rewritten, and are as they would be again");
    else if (row.digest !== undefined && content.digest !== row.digest)
      notes.push(`the index says ${row.digest}, and is wrong`);
  }
  const wanted = createdOf(row.created);
  if (wanted !== undefined && created !== wanted) {
    if (!(await isOfAnotherDate(held, { digest: content.digest, created: row.created }, reads)))
      throw differs(`it came ${created ?? "at no time"}, and the index says ${wanted}`);
    notes.push(`it came ${created}; by now the index says ${wanted}`);
  }
  const bytes = provenance && (await readVerified(await reads.blob(provenance), provenance));
  const beside = rewritten ? undefined : await findProvenance(source.places(row), content.digest);
  if (bytes === undefined && beside?.isStale)
    notes.push("its provenance file is of another archive, and was left");
  else if (beside !== undefined && (bytes === undefined || !Buffer.from(bytes).equals(beside.bytes)))
    throw bytes === undefined
      ? differs(
          "its provenance is missing",
          `\`--late-provenance --on-conflict overwrite --chart ${row.name}\` brings it, and replaces what is in conflict of that chart.`,
        )
      : differs("its provenance is another one", "`chartroom delete` its tag, and migrate.");
  const parts = { archive: content.digest, size: content.size, manifest: held.descriptor.digest };
  return { step, tag, status: "verified", ...parts, notes } satisfies Outcome;
}
