import { parseMetadata } from "../chartYaml.ts";
import type { Metadata } from "../metadata.ts";
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

/** A chart's archive, read and found harmless. */
export interface ChartArchive {
  readonly metadata: Metadata;
  /** In the archive's order. Archives of subcharts are files like others. */
  readonly files: readonly ChartFile[];
}

/**
 * Read an untrusted `.tgz`. Whoever handles foreign charts goes through here; nothing is written anywhere.
 * @throws HostileArchive (a ChartroomError `invalid`) with the reason, for what Helm refuses and for what can do harm
 *   where it is unpacked
 * @throws ChartroomError `invalid` when Chart.yaml is not valid
 */
export async function openArchive(
  bytes: Uint8Array,
  limits: ArchiveLimits = helmLimits,
): Promise<ChartArchive> {
  const files = await readFiles(bytes, limits);
  const contentOf = (path: string) => files.find((file) => file.path === path)?.bytes;
  const chartYaml = contentOf("Chart.yaml");
  if (chartYaml === undefined) throw hostile("no-chart-yaml", "it has no Chart.yaml");
  return { metadata: parseMetadata(chartYaml, contentOf("requirements.yaml")), files };
}

/** What a tar may hold for each entry beside its content, in bytes: header, long name, padding. All headers is a bomb too. */
const overhead = 4 * 512;

async function readFiles(bytes: Uint8Array, limits: ArchiveLimits): Promise<ChartFile[]> {
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
  return files;
}

function refuseKind({ kind, name }: TarEntry): void {
  if (kind === "link") throw hostile("link", `${JSON.stringify(name)} is a link`);
  if (kind === "special") throw hostile("special-file", `${JSON.stringify(name)} is no regular file`);
}

/**
 * A file's bytes as Helm unpacks them: without a byte order mark (helm `LoadArchiveFiles`, which `pull --untar` goes
 * through), so that an export is the same tree as Helm's.
 */
export const unpackedBytes = ({ bytes }: ChartFile): Uint8Array =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
