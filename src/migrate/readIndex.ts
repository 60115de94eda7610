import { asYaml } from "../chart/config.ts";
import { Fields } from "../chart/fields.ts";
import type { YamlValue } from "../chart/go/scalar.ts";
import { parseGoYaml } from "../chart/go/yaml.ts";
import { ChartroomError } from "../oci/errors.ts";
import { badIndex, type Entry, entryLimit } from "./entry.ts";
import { type IndexRow, readRow } from "./indexRow.ts";
import { splitJson } from "./splitJson.ts";
import { type Members, splitYaml } from "./splitYaml.ts";

/** An entry that cannot be used, and why; Helm skips it too. */
export interface BadEntry {
  readonly chart: string;
  readonly line: number;
  readonly error: ChartroomError;
}

/** Versions in one index: the largest that we heard of has a third of them. A chart's are held together, and their failures all. */
const versionsLimit = 300_000;

/** What is wanted of an index, where that is not all that migrating needs. */
export interface IndexReading {
  /** Whether rows have what is for people, too (`about`); without it an index is read in less time. */
  readonly described?: boolean;
  /** The only chart whose entries are wanted; those of others are not parsed. */
  readonly chart?: string | undefined;
}

/** What an index says of a version, and the line where it does. */
export type ReadEntry<Row> = { readonly row: Row; readonly line: number } | BadEntry;
export type IndexEntry = ReadEntry<IndexRow>;

/** The rows of an index. @throws as `readEntries` */
export const readIndex = (
  stream: ReadableStream<Uint8Array>,
  { described = false, chart }: IndexReading = {},
): AsyncGenerator<IndexEntry> =>
  readEntries(stream, { members: described ? "described" : "needed", chart }, (fields, name) =>
    readRow(fields, name, described),
  );

/**
 * The entries of a classic repository's index.yaml, one by one in its own order, in memory for one entry: indexes of more
 * than 100 MB are out there. It may be JSON, as in Helm.
 * @param read makes a row of an entry's members and the name that it stands under; what it refuses is a bad entry
 * @throws ChartroomError `invalid` when it is no index: not UTF-8, neither of the two formats, or without an `apiVersion`
 *   (which is known at its end); what `stream` fails with
 */
export async function* readEntries<Row>(
  stream: ReadableStream<Uint8Array>,
  { members, chart }: { readonly members: Members; readonly chart?: string | undefined },
  read: (fields: Fields, chart: string) => Row,
): AsyncGenerator<ReadEntry<Row>> {
  const pieces = decoded(stream);
  const { first, rest } = await beginning(pieces);
  if (first.trimStart().startsWith("<"))
    throw badIndex(
      1,
      "it is a web page",
      "A login page, or a page for people, may stand in the index's place.",
    );
  const isJson = first.trimStart().startsWith("{");
  const parse = isJson ? parseJson : parseYaml;
  const found = { any: first.trim() !== "", apiVersion: false };
  let versions = 0;
  for await (const part of isJson ? splitJson(rest) : splitYaml(linesOf(rest), members)) {
    if ("member" in part) found.apiVersion ||= part.member === "apiVersion" && part.value !== "";
    else if (++versions > versionsLimit)
      throw badIndex(part.line, `it has more than ${versionsLimit} versions`);
    else if (chart === undefined || part.chart === chart) yield readEntry(part, parse, read);
  }
  if (!found.any) throw badIndex(1, "it is empty");
  if (!found.apiVersion) throw badIndex(1, "it has no apiVersion", "Is this the repository's index.yaml?");
}

function readEntry<Row>(
  entry: Entry,
  parse: (entry: Entry, what: string) => YamlValue,
  read: (fields: Fields, chart: string) => Row,
): ReadEntry<Row> {
  const { chart, line } = entry;
  const what = `the entry of ${chart} at line ${line} of the index`;
  try {
    return { row: read(new Fields(parse(entry, what), what), chart), line };
  } catch (error) {
    if (!(error instanceof ChartroomError)) throw error;
    return { chart, line, error };
  }
}

const parseYaml = ({ text }: Entry, what: string): YamlValue =>
  parseGoYaml(new TextEncoder().encode(text), what);

function parseJson({ text }: Entry, what: string): YamlValue {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ChartroomError("invalid", `Cannot parse ${what}: it is not JSON`, { cause });
  }
  return asYaml(value, what);
}

/** Bytes as text, a byte order mark left out. @throws ChartroomError `invalid` when they are not UTF-8 */
async function* decoded(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (bytes?: Uint8Array) => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch (cause) {
      throw new ChartroomError("invalid", "Cannot read the index: it is not UTF-8", { cause });
    }
  };
  for await (const bytes of stream) yield decode(bytes);
  yield decode();
}

/** The first piece that is not blank, and all pieces from there on. */
async function beginning(
  pieces: AsyncGenerator<string>,
): Promise<{ first: string; rest: AsyncIterable<string> }> {
  let first = "";
  while (first.trim() === "" && first.length < entryLimit) {
    const { done, value } = await pieces.next();
    if (done) break;
    first += value;
  }
  async function* all() {
    yield first;
    yield* pieces;
  }
  return { first, rest: all() };
}

/** Lines without their ends. @throws ChartroomError `invalid` for one that is endless */
async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let held = "";
  let count = 0;
  for await (const piece of pieces) {
    const lines = piece.split("\n");
    lines[0] = held + lines[0];
    held = lines.pop() ?? "";
    if (held.length > entryLimit) throw badIndex(count + 1, `it has more than ${entryLimit} characters`);
    for (const line of lines) {
      count++;
      yield line.endsWith("\r") ? line.slice(0, -1) : line;
    }
  }
  if (held !== "") yield held;
}
