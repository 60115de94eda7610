import { parseMetadata } from "../chartYaml.ts";
import type { Metadata } from "../metadata.ts";
import { archiveFiles, type ChartFile } from "./files.ts";
import { type ArchiveLimits, helmLimits } from "./limits.ts";

/** A chart's archive, read and found harmless. */
export interface ChartArchive {
  readonly metadata: Metadata;
  /** In the archive's order. Archives of subcharts are files like others. */
  readonly files: readonly ChartFile[];
}

/**
 * Read an untrusted `.tgz`. Whoever handles foreign charts goes through here; nothing is written anywhere.
 * @throws HostileArchive as `archiveFiles`; ChartroomError `invalid` when Chart.yaml is not valid
 */
export async function openArchive(
  bytes: Uint8Array,
  limits: ArchiveLimits = helmLimits,
): Promise<ChartArchive> {
  const files = await archiveFiles(bytes, limits);
  const contentOf = (path: string) => files.find((file) => file.path === path)?.bytes;
  return { metadata: parseMetadata(contentOf("Chart.yaml")!, contentOf("requirements.yaml")), files };
}

/**
 * A file's bytes as Helm unpacks them: without a byte order mark (helm `LoadArchiveFiles`, which `pull --untar` goes
 * through), so that an export is the same tree as Helm's.
 */
export const unpackedBytes = ({ bytes }: ChartFile): Uint8Array =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
