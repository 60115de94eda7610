import type { Migration } from "../../migrate/migrate.ts";
import { foresee, migrate } from "../../migrate/migrate.ts";
import type { Outcome } from "../../migrate/outcome.ts";
import type { Step } from "../../migrate/plan.ts";
import { roomForArchives } from "../../migrate/room.ts";
import { verifyStep } from "../../migrate/verify.ts";

/** What can be done with a step; each fails with why it could not. */
export interface Works {
  run(step: Step): Promise<Outcome>;
  /** What `run` would do; nothing is written. */
  plan(step: Step): Promise<Outcome>;
  /** Compare it with the target. */
  verify(step: Step): Promise<Outcome>;
}

/** How charts are brought over, whatever their source. */
export type How = Omit<Migration, "source" | "target">;

/** Of charts that a classic repository has. */
export function indexedWorks(migration: Migration): Works {
  const room = roomForArchives();
  return {
    run: (step) => room((admit) => migrate({ ...migration, admit }, step)),
    plan: (step) => foresee(migration, step),
    verify: (step) => room((admit) => verifyStep({ ...migration, admit }, step)),
  };
}
