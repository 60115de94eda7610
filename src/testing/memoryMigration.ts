import { heldChart } from "../migrate/held.ts";
import { type Migration, migrate } from "../migrate/migrate.ts";
import type { Step } from "../migrate/plan.ts";
import { ChartroomError } from "../oci/errors.ts";
import { limiter } from "../oci/limiter.ts";
import { parseTag } from "../oci/reference.ts";
import { MemoryRepository } from "./repository.ts";

/** Migrations out of a table of files into repositories in memory. */
export function memoryMigration() {
  /** What stands where, by URL; what was fetched, in order. At `dead` no server answers. */
  const files = new Map<string, Uint8Array>();
  const fetched: string[] = [];
  const repositories = new Map<string, MemoryRepository>();
  const repository = (name: string): MemoryRepository => {
    const made = repositories.get(name) ?? new MemoryRepository();
    repositories.set(name, made);
    return made;
  };
  const migration = (more: Partial<Migration> = {}): Migration => ({
    source: {
      places: ({ urls }) =>
        urls.map((shown) => ({
          shown,
          size: async () => files.get(shown)?.byteLength,
          async archive() {
            fetched.push(shown);
            const bytes = files.get(shown);
            if (bytes === undefined) throw new ChartroomError("not_found", `Not found: ${shown}`);
            return bytes;
          },
          provenance: async () => {
            if (shown === "dead") throw new ChartroomError("remote", "no such host");
            return files.get(`${shown}.prov`);
          },
        })),
    },
    target: {
      reads: repository,
      push: (name, work) => work(repository(name)),
    },
    learnings: { find: () => undefined },
    onConflict: "fail",
    onMismatch: "fail",
    openings: limiter(1),
    lateProvenance: false,
    signal: new AbortController().signal,
    ...more,
  });
  return {
    files,
    fetched,
    repositories,
    repository,
    migration,
    run: (step: Step, more: Partial<Migration> = {}) => migrate(migration(more), step),
    /** What a tag holds, as a chart. */
    async held(name = "mychart", tag = "1.0.0") {
      const stored = await repository(name).manifest(parseTag(tag));
      return stored && { ...heldChart(stored)!, manifest: stored.descriptor.digest };
    },
    /** Begin anew. */
    clear(): void {
      files.clear();
      fetched.length = 0;
      repositories.clear();
    },
  };
}
