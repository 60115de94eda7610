import { readFile, stat } from "node:fs/promises";
import { ChartroomError } from "../../oci/errors.ts";
import { missingDependencies } from "../dependencies.ts";
import { type ChartArchive, openArchive } from "./archive.ts";
import { hostile } from "./hostile.ts";
import { partLimits } from "./limits.ts";
import { type PackedChart, packChart } from "./pack.ts";

/** A chart ready to be stored. */
export interface LoadedChart extends PackedChart {
  /** The `.prov` that stood beside the archive. */
  readonly provenance: Uint8Array | undefined;
  /** What its author may want to know, a sentence each without a dot; nothing that stops. */
  readonly warnings: readonly string[];
}

/**
 * A chart from the disk: a directory is packed (`packChart`), an archive keeps its bytes and brings the `.prov` that
 * stands beside it under the same name.
 * @param path of a directory or a `.tgz`
 * @throws ChartroomError `invalid` when there is no such path or it is not a chart; `storage` when it cannot be read
 */
export async function loadChart(path: string): Promise<LoadedChart> {
  try {
    const stats = await stat(path);
    const chart = stats.isDirectory()
      ? { ...(await packChart(path)), provenance: undefined }
      : await loadArchive(path);
    return { ...chart, warnings: await missingDependencies(chart) };
  } catch (error) {
    throw explained(path, error);
  }
}

async function loadArchive(path: string): Promise<PackedChart & Pick<LoadedChart, "provenance">> {
  const archive = await readUpTo(path, partLimits.content);
  const chart: ChartArchive = await openArchive(archive);
  const provenance = await readUpTo(`${path}.prov`, partLimits.provenance).catch((error) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return { ...chart, archive, provenance };
}

async function readUpTo(path: string, limit: number): Promise<Uint8Array> {
  const stats = await stat(path);
  if (!stats.isFile()) throw new ChartroomError("invalid", `Cannot read "${path}": it is no regular file`);
  if (stats.size > limit) throw hostile("too-large", `"${path}" is larger than ${limit} bytes`);
  return readFile(path);
}

/** An error of the file system as a sentence; others as they are. A path that the user typed is content, not a lookup. */
function explained(path: string, error: unknown): unknown {
  if (error instanceof ChartroomError || !(error instanceof Error) || !("code" in error)) return error;
  if (error.code === "ENOENT" || error.code === "ENOTDIR")
    return new ChartroomError("invalid", `Cannot read chart "${path}": no such file or directory`, {
      hint: "Give a chart's directory or a .tgz.",
      cause: error,
    });
  return new ChartroomError("storage", `Cannot read chart "${path}": ${error.message}`, { cause: error });
}
