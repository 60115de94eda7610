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
const format = 1;

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
  if (
    !isObject(row) ||
    typeof row.name !== "string" ||
    typeof row.version !== "string" ||
    typeof row.config !== "string"
  )
    throw new TypeError("not a row");
  return {
    name: row.name,
    version: row.version,
    config: parseDigest(row.config),
    content: parseDescriptor(row.content, "of a row"),
    provenance: row.provenance === undefined ? undefined : parseDescriptor(row.provenance, "of a row"),
  };
}

/** Remember facts for what index.json names now. Where that cannot be written, they are read again next time. */
export async function writeRows(layout: Layout, facts: ReadonlyMap<Digest, ChartFacts>): Promise<void> {
  try {
    const rows: Record<string, ChartFacts> = {};
    for (const { descriptor } of (await layout.index()).entries) {
      const row = descriptor && facts.get(descriptor.digest);
      if (descriptor !== undefined && row !== undefined) rows[descriptor.digest] = row;
    }
    const temporary = `${layout.rowsPath}.${process.pid}`;
    await layout.fs.rm(temporary, { force: true });
    await replaceFile(layout.fs, layout.rowsPath, jsonBytes({ format, rows }), { temporary });
  } catch {
    // A read-only store, a full disk: the list itself was right.
  }
}
