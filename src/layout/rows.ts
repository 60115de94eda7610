import { replaceFile } from "../files/durable.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { type Digest, digestPattern } from "../oci/digest.ts";
import type { Layout } from "./layout.ts";

/** What a chart's manifest and config say, for ever: they cannot change under the manifest's digest. */
export interface ChartFacts {
  readonly name: string;
  readonly version: string;
  readonly config: Descriptor;
  readonly content: Descriptor;
  readonly provenance: Descriptor | undefined;
}

/** A name of index.json, the manifest that it points at, and what that says. */
export interface Row {
  readonly name: string;
  readonly descriptor: Descriptor;
  readonly facts: ChartFacts;
  /** Its line in the file that it was read from: it need not be made and checked again. */
  readonly line?: string;
}

/** What is remembered of a layout. */
export interface Rows {
  /** The index.json whose names these are, all of them and in their order; undefined when there are others too. */
  readonly index: Digest | undefined;
  readonly rows: readonly Row[];
}

const nothing: Rows = { index: undefined, rows: [] };

const aText = "([^\t\n]+)";
const aDigest = `(${digestPattern})`;
const aDescriptor = `${aText}\t${aDigest}\t(\\d{1,15})`;
/** The first line of the file: its format, where another one is as good as none, and the digest of index.json. */
const heading = new RegExp(`chartroom rows 3 (?:${aDigest}|-)\n`, "y");
/**
 * A row is a line. One expression checks it and takes it apart, in half the time of JSON: name, manifest, the chart's name
 * and version, config, content, provenance.
 */
const line = new RegExp(
  `${aText}\t${aDescriptor}\t${aText}\t${aText}\t${aDescriptor}\t${aDescriptor}(?:\t${aDescriptor})?\n`,
  "y",
);

/** What was remembered. Whatever is wrong with the file, that is nothing: it is a cache, and what it lacks is read again. */
export async function readRows(layout: Layout): Promise<Rows> {
  try {
    const bytes = await layout.fs.readFile(layout.rowsPath);
    return parseRows(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) ?? nothing;
  } catch {
    return nothing;
  }
}

function parseRows(file: string): Rows | undefined {
  heading.lastIndex = 0;
  const head = heading.exec(file);
  if (head === null) return undefined;
  const nameOf = file.includes("%") ? decodeURIComponent : (name: string) => name;
  const rows: Row[] = [];
  let at = heading.lastIndex;
  while (at < file.length) {
    line.lastIndex = at;
    const parts = line.exec(file);
    if (parts === null) return undefined;
    rows.push(rowOf(nameOf(parts[1]!), parts));
    at = line.lastIndex;
  }
  return { index: head[1] as Digest | undefined, rows };
}

const rowOf = (name: string, parts: RegExpExecArray): Row => ({
  line: parts[0],
  name,
  descriptor: descriptorOf(parts, 2),
  facts: {
    name: parts[5]!,
    version: parts[6]!,
    config: descriptorOf(parts, 7),
    content: descriptorOf(parts, 10),
    provenance: parts[13] === undefined ? undefined : descriptorOf(parts, 13),
  },
});

const descriptorOf = (parts: RegExpExecArray, at: number): Descriptor => ({
  mediaType: parts[at]!,
  digest: parts[at + 1] as Digest,
  size: Number(parts[at + 2]),
});

/** Remember rows. Where that cannot be, they are read again next time: a read-only store, a full disk, a lone surrogate. */
export async function writeRows(layout: Layout, { index, rows }: Rows): Promise<void> {
  try {
    const file = `chartroom rows 3 ${index ?? "-"}\n${rows.map((row) => row.line ?? lineOf(row)).join("")}`;
    const temporary = `${layout.rowsPath}.${process.pid}`;
    await layout.fs.rm(temporary, { force: true });
    await replaceFile(layout.fs, layout.rowsPath, new TextEncoder().encode(file), { temporary });
  } catch {
    // The list itself was right.
  }
}

/** What a name must not hold to stand in a line as it is; names of our grammar do not, those of other tools may. */
const special = /[%\t\n\ud800-\udfff]/;

/** @throws TypeError when the row would not be read as it is; URIError for a lone surrogate */
function lineOf({ name, descriptor, facts }: Row): string {
  const { config, content, provenance } = facts;
  const row =
    `${special.test(name) ? encodeURIComponent(name) : name}\t${partsOf(descriptor)}\t` +
    `${facts.name}\t${facts.version}\t${partsOf(config)}\t${partsOf(content)}` +
    `${provenance === undefined ? "" : `\t${partsOf(provenance)}`}\n`;
  line.lastIndex = 0;
  if (line.test(row) && line.lastIndex === row.length) return row;
  throw new TypeError("a part of a row holds a tab or line feed");
}

const partsOf = ({ mediaType, digest, size }: Descriptor) => `${mediaType}\t${digest}\t${size}`;
