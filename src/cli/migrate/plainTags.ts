import type { MigrationTarget } from "../../migrate/migrate.ts";
import type { Outcome } from "../../migrate/outcome.ts";
import { ChartroomError } from "../../oci/errors.ts";
import type { Works } from "./works.ts";

/**
 * The same works, and what is tagged `v1.2.3` is tagged `1.2.3`, too: Helm passes over the former when it looks for a range in
 * a registry (helm#11107). A tag that is there already and means something else stays; one that meant what was just replaced goes along.
 */
export function withPlainTags({ run, plan, verify }: Works, target: MigrationTarget): Works {
  return {
    plan,
    run: async (step) => tagged(await run(step), target),
    async verify(step) {
      const outcome = await verify(step);
      const { repository, plainTag } = step;
      if (plainTag === undefined || plainTag === outcome.tag || outcome.manifest === undefined)
        return outcome;
      const held = await target.reads(repository).resolve(plainTag);
      if (held?.digest === outcome.manifest) return outcome;
      const why = held === undefined ? "is missing" : "is another chart's";
      throw new ChartroomError("not_verified", `${repository}:${outcome.tag}: its tag ${plainTag} ${why}`);
    },
  };
}

async function tagged(outcome: Outcome, target: MigrationTarget): Promise<Outcome> {
  const { step, tag, manifest, replaced, notes } = outcome;
  const { repository, plainTag } = step;
  if (plainTag === undefined || plainTag === tag || manifest === undefined) return outcome;
  const reads = target.reads(repository);
  const held = await reads.resolve(plainTag);
  if (held?.digest === manifest) return outcome;
  if (held !== undefined && held.digest !== replaced)
    return { ...outcome, notes: [...notes, `the tag ${plainTag} holds something else, and stays`] };
  const stored = await reads.manifest(manifest);
  if (stored === undefined) throw new ChartroomError("not_found", `Missing: ${repository}@${manifest}`);
  await target.push(repository, (writes) =>
    writes.pushManifest(stored.descriptor, stored.bytes, {
      tags: [plainTag],
      expect: held?.digest ?? "absent",
    }),
  );
  return { ...outcome, notes: [...notes, `it is tagged ${plainTag}, too`] };
}
