import type { IndexRow } from "./indexRow.ts";
import type { IndexEntry, IndexReading } from "./readIndex.ts";
import type { Admit } from "./room.ts";

/** By what an index is known again: what its server said of it (RFC 9110 §8.8). */
export interface IndexVersion {
  readonly etag?: string;
  readonly lastModified?: string;
}

/** An index as it is now. */
export interface OpenIndex {
  readonly entries: AsyncIterable<IndexEntry>;
  /** Undefined where nothing tells. */
  readonly version: IndexVersion | undefined;
}

/** Where a chart's archive may be. */
export interface ArchivePlace {
  /** For people: a path, or a URL without what may be secret in it. */
  readonly shown: string;
  /** The archive's size in bytes, where it can be told without reading it. */
  size(): Promise<number | undefined>;
  /**
   * @param admit asked for room before the archive is held
   * @throws ChartroomError, HttpError or node's error when it is not there, or too large
   */
  archive(admit?: Admit): Promise<Uint8Array>;
  /** The `.prov` that stands beside it; undefined when there is none. */
  provenance(): Promise<Uint8Array | undefined>;
}

/** A classic chart repository: an index, and the archives it names. */
export interface ChartSource {
  /**
   * @param known the index that the caller has; undefined is given when it is still that one
   */
  index(known?: IndexVersion, reading?: IndexReading): Promise<OpenIndex | undefined>;
  /** Where a row's archive may be, the first place first. */
  places(row: IndexRow): readonly ArchivePlace[];
  /** What stands beside the index for Artifact Hub; undefined when there is none. */
  repositoryMetadata(): Promise<Uint8Array | undefined>;
}
