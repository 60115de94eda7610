import type { Blobs } from "../blobs/blobs.ts";
import type { Questions } from "../catalog/catalog.ts";
import { nodeFileSystem as fs } from "../files/filesystem.ts";
import { check, type Looked } from "../registry/check/check.ts";
import { checkFiles } from "../registry/check/files.ts";
import type { Finding } from "../registry/check/finding.ts";
import type { DataPaths } from "../registry/dataPaths.ts";

export interface Checked {
  readonly looked: Looked;
  readonly found: readonly Finding[];
  /** The same without what can be done about it. */
  readonly findings: readonly Omit<Finding, "mend">[];
}

/** What a check says of a data directory. */
export async function checkedData(
  { data, blobs, catalog }: { data: DataPaths; blobs: Blobs; catalog: Questions },
  options: {
    shallow?: boolean;
    alone?: boolean;
    now?: () => number;
    signal?: AbortSignal;
    progress?: (looked: Looked) => void;
  } = {},
): Promise<Checked> {
  const found: Finding[] = [];
  const looked = await check({
    ...{ catalog, blobs, alone: true, shallow: false, thorough: true, now: Date.now },
    ...{ signal: new AbortController().signal, progress: () => {}, ...options },
    files: (tell) => checkFiles(fs, data, tell),
    tell: (finding) => found.push(finding),
  });
  const findings = found.map(({ level, where, message }) => ({ level, where, message }));
  return { looked, found, findings };
}
