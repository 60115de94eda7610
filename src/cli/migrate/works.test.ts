import { expect, test } from "bun:test";
import type { Migration } from "../../migrate/migrate.ts";
import type { ArchivePlace } from "../../migrate/source.ts";
import { limiter } from "../../oci/limiter.ts";
import { archiveOf, rowOf, stepOf } from "../../testing/migrate.ts";
import { MemoryRepository } from "../../testing/repository.ts";
import { indexedWorks } from "./works.ts";

test("large archives are held two at a time, whether they are brought over or compared", async () => {
  const versions = ["1.0.0", "1.1.0", "1.2.0", "1.3.0"];
  const archives = new Map(
    await Promise.all(versions.map(async (each) => [each, await archiveOf("a", each)] as const)),
  );
  const held = new Set<string>();
  let most = 0;
  const place = (version: string): ArchivePlace => ({
    shown: version,
    size: async () => undefined,
    async archive(admit) {
      await admit?.(5 * 1024 * 1024);
      most = Math.max(most, held.add(version).size);
      await Bun.sleep(1);
      return archives.get(version)!;
    },
    // Asked for when the archive is there, and held.
    async provenance() {
      await Bun.sleep(1);
      held.delete(version);
      return undefined;
    },
  });
  const repository = new MemoryRepository();
  const migration: Migration = {
    source: { places: ({ version }) => [place(version)] },
    target: { reads: () => repository, push: (_, work) => work(repository) },
    learnings: { find: () => undefined },
    ...{ onConflict: "fail", onMismatch: "fail" },
    ...{ openings: limiter(4), lateProvenance: false, signal: new AbortController().signal },
  };
  const works = indexedWorks(migration);
  const steps = versions.map((version) => stepOf(rowOf("a", version)));
  const ran = await Promise.all(steps.map((step) => works.run(step)));
  expect([ran.map(({ status }) => status), most]).toEqual([Array(4).fill("moved"), 2]);
  most = 0;
  const seen = await Promise.all(steps.map((step) => works.verify(step)));
  expect([seen.map(({ status }) => status), most]).toEqual([Array(4).fill("verified"), 2]);
});
