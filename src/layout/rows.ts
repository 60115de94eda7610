import { replaceFile } from "../files/durable.ts";
import { type Descriptor, parseDescriptor } from "../oci/descriptor.ts";
import { type Digest, parseDigest } from "../oci/digest.ts";
import { isObject, jsonBytes, parseJsonObject } from "../oci/json.ts";
import type { Layout } from "./layout.ts";

/** What a chart's manifest and config say, for ever: they cannot change under the manifest's digest. */
export interface ChartFacts {
  readonly name: string;
  readonly version: string;
  readonly config: Digest;
  readonly content: Descriptor;
  readonly provenance: Descriptor | undefined;
}

/** The format of the rows file; another one is as good as none. */
const format = 2;

/** A descriptor as a row has it. */
type Part = readonly [mediaType: string, digest: Digest, size: number];
/** Facts as the file has them: without the names of members it is read in half the time. */
type Row = readonly [name: string, version: string, config: Digest, content: Part, provenance?: Part];

/** The facts that were remembered, by manifest digest. Whatever is wrong with the file, it is then empty. */
export async function readRows(layout: Layout): Promise<Map<Digest, ChartFacts>> {
  try {
    const document = parseJsonObject(await layout.fs.readFile(layout.rowsPath), layout.rowsPath);
    if (document.format !== format || !isObject(document.rows)) return new Map();
    return new Map(
      Object.entries(document.rows).map(([digest, row]) => [parseDigest(digest), parseRow(row)]),
    );
  } catch {
    return new Map(); // a cache: what it lacks is read again
  }
}

function parseRow(row: unknown): ChartFacts {
  const [name, version, config, content, provenance] = Array.isArray(row) ? row : [];
  if (typeof name !== "string" || typeof version !== "string") throw new TypeError("not a row");
  return {
    name,
    version,
    config: parseDigest(String(config)),
    content: parsePart(content),
    provenance: provenance === undefined ? undefined : parsePart(provenance),
  };
}

function parsePart(part: unknown): Descriptor {
  const [mediaType, digest, size] = Array.isArray(part) ? part : [];
  return parseDescriptor({ mediaType, digest, size }, "of a row");
}

const partOf = ({ mediaType, digest, size }: Descriptor): Part => [mediaType, digest, size];

const rowOf = ({ name, version, config, content, provenance }: ChartFacts): Row =>
  provenance === undefined
    ? [name, version, config, partOf(content)]
    : [name, version, config, partOf(content), partOf(provenance)];

/** Remember facts for what index.json names now. Where that cannot be written, they are read again next time. */
export async function writeRows(layout: Layout, facts: ReadonlyMap<Digest, ChartFacts>): Promise<void> {
  try {
    const rows: Record<string, Row> = {};
    for (const { descriptor } of (await layout.index()).entries) {
      const known = descriptor && facts.get(descriptor.digest);
      if (descriptor !== undefined && known !== undefined) rows[descriptor.digest] = rowOf(known);
    }
    const temporary = `${layout.rowsPath}.${process.pid}`;
    await layout.fs.rm(temporary, { force: true });
    await replaceFile(layout.fs, layout.rowsPath, jsonBytes({ format, rows }), { temporary });
  } catch {
    // A read-only store, a full disk: the list itself was right.
  }
}
