import { digestOf } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { type ChartArchive, openArchive } from "./archive/archive.ts";
import { HostileArchive } from "./archive/hostile.ts";
import { parseConfig } from "./config.ts";
import { parseGoYaml } from "./go/yaml.ts";
import { imagesOf } from "./images.ts";
import { archiveUrl, type IndexEntry, indexEntry } from "./indexEntry.ts";
import type { Metadata } from "./metadata.ts";
import { readmeOf, valuesOf } from "./show.ts";

/** What is read of an archive once, for pages and indexes: all of it follows from the archive's bytes alone. */
export interface ChartFacts {
  readonly name: string;
  readonly version: string;
  /** As indexes list it, with its archive beside the index. */
  readonly entry: IndexEntry;
  /** The images that it names (`imagesOf`). */
  readonly images: readonly string[];
  /** As in the archive, up to `textLimit` characters; undefined where it has none. */
  readonly readme: string | undefined;
  readonly values: string | undefined;
  /** The values' schema, whole; undefined where there is none, or a longer one. */
  readonly schema: string | undefined;
}

/** Why an archive has no facts: a sentence without a dot. */
export interface Unreadable {
  readonly unreadable: string;
}

/** Reads an untrusted archive, here or on another thread; nothing is thrown for what it holds. */
export type ReadFacts = (bytes: Uint8Array) => Promise<ChartFacts | Unreadable>;

/** What Chart.yaml says. */
export const metadataOf = ({ entry }: Pick<ChartFacts, "entry">): Metadata =>
  parseConfig(new TextEncoder().encode(`{${entry.json}}`));

/** So much of a README, of values and of a schema is kept, in characters; real ones have a fiftieth of it. */
export const textLimit: number = 512 * 1024;

/** The longest entry of an index, in characters; real ones have some thousands, and everybody reads them all. */
const entryLimit = 256 * 1024;

/** Values up to so many characters are looked through for images: a megabyte of hostile YAML costs seconds. */
const parseLimit = 128 * 1024;

/** Read an untrusted archive, within Helm's limits; one that is refused says why. Nothing is thrown for what it holds. */
export async function readFacts(bytes: Uint8Array): Promise<ChartFacts | Unreadable> {
  try {
    return factsOf(await openArchive(bytes), bytes);
  } catch (error) {
    if (error instanceof HostileArchive) return { unreadable: error.why };
    if (error instanceof ChartroomError) return { unreadable: error.message };
    throw error;
  }
}

function factsOf(archive: ChartArchive, bytes: Uint8Array): ChartFacts | Unreadable {
  const { metadata, files } = archive;
  const entry = indexEntry(metadata, digestOf(bytes), [archiveUrl(metadata)]);
  const length = Math.max(entry.json.length, entry.yaml.length);
  if (length > entryLimit)
    return {
      unreadable: `its Chart.yaml makes ${length} characters of an index, and ${entryLimit} are the most`,
    };
  const values = valuesOf(archive);
  const schema = textAt(archive, "values.schema.json");
  const templates = files
    .filter(({ path }) => path.startsWith("templates/"))
    .map(({ bytes: content }) => new TextDecoder().decode(content));
  return {
    name: metadata.name,
    version: metadata.version,
    entry,
    images: imagesOf(parsed(values), metadata.appVersion, templates),
    readme: readmeOf(archive)?.slice(0, textLimit),
    values: values?.slice(0, textLimit),
    schema: schema !== undefined && schema.length <= textLimit ? schema : undefined,
  };
}

function textAt({ files }: ChartArchive, path: string): string | undefined {
  const file = files.find((each) => each.path === path);
  return file && new TextDecoder().decode(file.bytes);
}

/** Values as YAML; null where they are none, or more than is looked through. */
function parsed(values = "") {
  if (values.length > parseLimit) return null;
  try {
    return parseGoYaml(new TextEncoder().encode(values), "values.yaml");
  } catch (error) {
    if (error instanceof ChartroomError) return null;
    throw error;
  }
}
