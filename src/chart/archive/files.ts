import { ArchivePaths } from "./archivePaths.ts";
import { gunzip } from "./gunzip.ts";
import { hostile } from "./hostile.ts";
import { type ArchiveLimits, helmLimits } from "./limits.ts";
import type { ChartPath } from "./paths.ts";
import { readTar, type TarEntry } from "./tar.ts";

/** A file of a chart. */
export interface ChartFile {
  readonly path: ChartPath;
  /** Verbatim, with a byte order mark where the file has one. */
  readonly bytes: Uint8Array;
}

/** What a tar may hold for each entry beside its content, in bytes: header, long name, padding. All headers is a bomb too. */
const overhead = 4 * 512;

/**
 * The files of an untrusted `.tgz`, with a Chart.yaml among them, which is not read: YAML's parser costs a pull a tenth of its time.
 * @throws HostileArchive (a ChartroomError `invalid`) with the reason, for what Helm refuses and for what can do harm
 *   where it is unpacked
 */
export async function archiveFiles(
  bytes: Uint8Array,
  limits: ArchiveLimits = helmLimits,
): Promise<ChartFile[]> {
  const paths = new ArchivePaths(limits.entries);
  const files: ChartFile[] = [];
  let entries = 0;
  let unpacked = 0;
  const tarLimit = limits.unpacked + limits.entries * overhead;
  for await (const entry of readTar(gunzip(bytes, tarLimit))) {
    if (++entries > limits.entries)
      throw hostile("too-many-entries", `it has more than ${limits.entries} entries`);
    refuseKind(entry);
    if (entry.kind === "directory") {
      paths.addDirectory(entry.name);
      continue;
    }
    const path = paths.add(entry.name);
    unpacked += entry.size;
    if (entry.size > limits.file)
      throw hostile("too-large", `"${path}" is larger than ${limits.file} bytes, which is Helm's limit`);
    if (unpacked >= limits.unpacked)
      throw hostile("too-large", `its files have ${limits.unpacked} bytes or more, which is Helm's limit`);
    files.push({ path, bytes: await entry.read() });
  }
  if (!files.some(({ path }) => path === "Chart.yaml"))
    throw hostile("no-chart-yaml", "it has no Chart.yaml");
  return files;
}

function refuseKind({ kind, name }: TarEntry): void {
  if (kind === "link") throw hostile("link", `${JSON.stringify(name)} is a link`);
  if (kind === "special") throw hostile("special-file", `${JSON.stringify(name)} is no regular file`);
}
