import type { Fields } from "../../chart/fields.ts";
import { entryOf } from "../../chart/indexEntry.ts";
import { readMetadata } from "../../chart/metadata.ts";
import { momentOf } from "../../chart/moment.ts";
import { tryVersion } from "../../chart/version.ts";
import { readRow } from "../../migrate/indexRow.ts";
import { type ReadEntry, readEntries } from "../../migrate/readIndex.ts";
import type { IndexedVersion } from "./rows.ts";

/**
 * The versions that an index has, to be written again: all that Helm's structs know of each, its URLs as they are. What is not in
 * them Helm refuses a whole index for.
 * @throws ChartroomError `invalid` when it is no index
 */
export const mergedRows = (stream: ReadableStream<Uint8Array>): AsyncGenerator<ReadEntry<IndexedVersion>> =>
  readEntries(stream, { members: "all" }, versionOf);

function versionOf(fields: Fields, chart: string): IndexedVersion {
  const { name, version, urls, digest, created, removed } = readRow(fields, chart, false);
  const written = fields.text("digest");
  const about = { urls, ...(removed && { removed }), ...(written !== "" && { digest: written }) };
  return {
    ...{ name, version, parsed: tryVersion(version)!, digest, created: momentOf(created) },
    ...entryOf(readMetadata(fields), about),
  };
}
