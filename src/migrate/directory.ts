import { join } from "node:path";
import { openArchive } from "../chart/archive/archive.ts";
import { partLimits } from "../chart/archive/limits.ts";
import { unsafeSegment } from "../chart/archive/paths.ts";
import { repositoryMetadataFile, repositoryMetadataLimit } from "../chart/repositoryMetadata.ts";
import { type FileSystem, ifThere } from "../files/filesystem.ts";
import { streamFile } from "../files/stream.ts";
import { digestOf } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import type { IndexRow } from "./indexRow.ts";
import { type IndexEntry, type IndexReading, readIndex } from "./readIndex.ts";
import type { Admit } from "./room.ts";
import type { ArchivePlace, ChartSource, IndexVersion } from "./source.ts";

/**
 * The files of a classic repository: `index.yaml` and the archives, or archives alone, which are then read for what they
 * are. A row's URL leads to the file of its path below the directory, else to the one of its last part beside the index; nothing
 * is fetched from servers of files. What is in a registry is elsewhere.
 */
export class Directory implements ChartSource {
  readonly #fs: FileSystem;
  readonly #path: string;
  readonly #elsewhere: Pick<ChartSource, "places">;

  /** @param elsewhere knows the places of `oci://` URLs */
  constructor(fs: FileSystem, path: string, elsewhere: Pick<ChartSource, "places">) {
    this.#fs = fs;
    this.#path = path;
    this.#elsewhere = elsewhere;
  }

  async index(_known?: IndexVersion, reading: IndexReading = {}) {
    const path = join(this.#path, "index.yaml");
    const there = (await ifThere(this.#fs.stat(path))) !== undefined;
    return {
      entries: there ? readIndex(streamFile(this.#fs, path), reading) : this.#archives(),
      version: undefined,
    };
  }

  places(row: IndexRow): ArchivePlace[] {
    return row.urls.flatMap((url) =>
      /^oci:\/\//i.test(url)
        ? this.#elsewhere.places({ ...row, urls: [url] })
        : [...new Set(pathsOf(url))].map((path) => this.#place(path)),
    );
  }

  repositoryMetadata(): Promise<Uint8Array | undefined> {
    return readAtMost(this.#fs, join(this.#path, repositoryMetadataFile), repositoryMetadataLimit);
  }

  #place(name: string): ArchivePlace {
    const path = join(this.#path, name);
    return {
      shown: path,
      size: async () => (await ifThere(this.#fs.stat(path)))?.size,
      archive: async (admit) => {
        const bytes = await readAtMost(this.#fs, path, partLimits.content, admit);
        if (bytes !== undefined) return bytes;
        throw new ChartroomError("not_found", `Not found: ${path}`);
      },
      provenance: () => readAtMost(this.#fs, `${path}.prov`, partLimits.provenance),
    };
  }

  /** What the archives say of themselves, chart by chart; they are opened one after the other. */
  async *#archives(): AsyncGenerator<IndexEntry> {
    const files = (await this.#fs.readdir(this.#path)).filter((name) => name.endsWith(".tgz")).sort();
    if (files.length === 0)
      throw new ChartroomError("not_found", `Not found in ${this.#path}: an index.yaml, or archives`);
    const entries: IndexEntry[] = [];
    for (const file of files) entries.push(await this.#entry(file));
    const nameOf = (entry: IndexEntry) => ("row" in entry ? entry.row.name : entry.chart);
    yield* entries.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0));
  }

  async #entry(file: string): Promise<IndexEntry> {
    try {
      const bytes = await this.#place(file).archive();
      const { name, version, deprecated, ...about } = (await openArchive(bytes)).metadata;
      const said = { created: "", deprecated, removed: false };
      const urls = [encodeURIComponent(file)];
      return { row: { name, version, urls, digest: digestOf(bytes), ...said, about }, line: 0 };
    } catch (error) {
      if (!(error instanceof ChartroomError)) throw error;
      return { chart: file, line: 0, error };
    }
  }
}

/**
 * A whole file; undefined where there is none.
 * @param limit in bytes
 * @param admit asked for room before the file is held
 * @throws ChartroomError `invalid` for one that is larger, or no regular file; node's error
 */
export async function readAtMost(
  fs: FileSystem,
  path: string,
  limit: number,
  admit?: Admit,
): Promise<Uint8Array | undefined> {
  const stats = await ifThere(fs.stat(path));
  if (stats === undefined) return undefined;
  if (!stats.isFile()) throw new ChartroomError("invalid", `Cannot read ${path}: it is no regular file`);
  if (stats.size > limit)
    throw new ChartroomError("invalid", `Cannot read ${path}: it is larger than ${limit} bytes`);
  await admit?.(stats.size);
  return fs.readFile(path);
}

/** The files that a URL may mean, relative to the directory: none where it would lead out of it. */
function pathsOf(url: string): string[] {
  const absolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(url) || url.startsWith("/");
  const bare = url.replace(/[?#].*$/s, "");
  const parts = bare.split("/").map(decoded);
  const last = parts.slice(-1);
  return [...(absolute ? [] : [parts.filter((part) => part !== ".")]), last]
    .filter((path) => path.every((part) => part !== undefined && unsafeSegment(part) === undefined))
    .map((path) => path.join("/"));
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
