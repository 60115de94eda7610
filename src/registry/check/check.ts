import { checkBlobs, checkOrphans } from "./blobs.ts";
import { checkCharts } from "./charts.ts";
import type { Examined, Finding } from "./finding.ts";
import { checkManifests } from "./manifests.ts";
import { checkIngests, checkUploads } from "./uploads.ts";

/** How much a check looked at. */
export interface Looked {
  readonly blobs: number;
  readonly manifests: number;
  /** Bytes of both. */
  readonly bytes: number;
}

/** What a check needs, beside what it looks at. */
export interface CheckOptions extends Omit<Examined, "saw"> {
  /** Tells what lies in the data directory and is none of a registry's. */
  readonly files: (tell: (finding: Finding) => void) => Promise<void>;
  /** Is told how far it got, after each blob and manifest. */
  readonly progress: (looked: Looked) => void;
}

/**
 * Verify a registry's storage against its catalog, both ways. Reads everything, changes nothing, goes on after each fault;
 * the registry may serve and change meanwhile, and what changes is not told.
 * @throws the signal's reason
 */
export async function check(options: CheckOptions): Promise<Looked> {
  const { catalog, blobs, alone, files, progress, signal, tell } = options;
  const looked = { blobs: 0, manifests: 0, bytes: 0 };
  const examined: Examined = {
    ...options,
    saw(what, bytes) {
      looked[what === "blob" ? "blobs" : "manifests"]++;
      looked.bytes += bytes;
      progress({ ...looked });
    },
  };
  const ingests = new Set<string>();
  for (const step of [
    async () => {
      // Each entry of each index too, where nobody waits for the disk.
      for (const message of await catalog.faults(alone)) tell({ level: "fault", where: "catalog", message });
    },
    async () => {
      for await (const { name } of blobs.ingests()) ingests.add(name);
    },
    () => checkBlobs(examined),
    () => checkManifests(examined),
    () => checkUploads(examined),
    () => checkOrphans(examined),
    () => checkCharts(examined),
    () => checkIngests(examined, ingests),
    () => files(tell),
  ]) {
    signal.throwIfAborted();
    try {
      await step();
    } catch (error) {
      signal.throwIfAborted();
      // A database that is broken fails at its questions: the rest is looked at all the same.
      tell({
        level: "fault",
        where: "catalog",
        message: error instanceof Error ? error.message : String(error),
      });
    }
  }
  return looked;
}
