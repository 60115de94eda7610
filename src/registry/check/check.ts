import { checkBlobs, checkOrphans } from "./blobs.ts";
import { checkCharts } from "./charts.ts";
import { catalogName, type Examined, type Finding } from "./finding.ts";
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
  /** Look at each entry of each of the database's indexes. */
  readonly thorough: boolean;
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
  const { catalog, blobs, thorough, files, progress, signal, tell } = options;
  const looked = { blobs: 0, manifests: 0, bytes: 0 };
  const examined: Examined = {
    ...options,
    saw(what, bytes) {
      looked[what === "blob" ? "blobs" : "manifests"]++;
      looked.bytes += bytes;
      progress({ ...looked });
    },
  };
  const said = new Set<string>();
  // A broken database fails at one question after another, in the same words.
  const blame = (message: string) => {
    if (!said.has(message)) tell({ level: "fault", where: catalogName, message });
    said.add(message);
  };
  const ingests = new Set<string>();
  for (const step of [
    async () => {
      for (const message of await catalog.faults(thorough)) blame(message);
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
      // The rest is looked at all the same.
      blame(error instanceof Error ? error.message : String(error));
    }
  }
  return looked;
}
