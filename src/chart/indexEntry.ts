import { type Digest, hexOf } from "../oci/digest.ts";
import { configBytes } from "./config.ts";
import { isPlainText } from "./go/scalar.ts";
import type { Metadata } from "./metadata.ts";
import { tryVersion } from "./version.ts";

/** A chart's version as an index lists it, but for `created`: each stands behind what the index puts in front. */
export interface IndexEntry {
  /** The members of an object, without its braces. */
  readonly json: string;
  /** The lines of a mapping, each with its end, indented by four, a member each: an item of a list below a chart's name. */
  readonly yaml: string;
}

/** What a chart's archive is called: `helm package` names it so, and who pulls it gets that name. */
export const archiveName = ({ name, version }: Pick<Metadata, "name" | "version">): string =>
  `${name}-${version}.tgz`;

/**
 * Where a chart's archive is, seen from its repository: beside the index under its name. Some names could be read in two
 * ways, as `app-1-2.0.0.tgz`: version 2.0.0 of app-1, or 1-2.0.0 of app. The latter is then below `-/app/`, which no
 * repository is called; so no two charts ever have one URL.
 */
export function archiveUrl(chart: Pick<Metadata, "name" | "version">): string {
  const file = urlPath(archiveName(chart));
  return splits(chart.version).length === 0 ? file : `-/${urlPath(chart.name)}/${file}`;
}

/** A file's path as it stands in a URL: what would end the path there is escaped too. */
export const urlPath = (path: string): string => encodeURI(path).replace(/[?#]/g, encodeURIComponent);

/** A repository's name and a tag, which is what a chart's and its version are in a registry, have no more together. */
const nameLimit = 255 + 128 + "-.tgz".length;

/**
 * The charts that the name of an archive may mean, none if it is longer than a chart's can be, the longest name first: that is the one which `archiveUrl` puts there.
 * @param file without directories; decoded
 */
export function chartsNamed(file: string): { name: string; version: string }[] {
  if (!file.endsWith(".tgz") || file.length > nameLimit) return [];
  const text = file.slice(0, -".tgz".length);
  return splits(text)
    .map((dash) => ({ name: text.slice(0, dash), version: text.slice(dash + 1) }))
    .reverse();
}

/** Where the dashes are behind which a text is a version. */
const splits = (text: string): number[] =>
  [...text.matchAll(/-/g)]
    .map(({ index }) => index)
    .filter((dash) => tryVersion(text.slice(dash + 1)) !== undefined);

/**
 * The entry of a chart in an index.yaml or its JSON (helm `pkg/repo/v1`, `ChartVersion`): all that Chart.yaml says, where
 * the archive is, and its digest in bare hex, as Helm writes it.
 * @param digest sha256 of the archive
 * @param urls of the archive; relative to the repository, or whole
 */
export const indexEntry = (metadata: Metadata, digest: Digest, urls: readonly string[]): IndexEntry =>
  entryOf(metadata, { urls, digest: hexOf(digest) });

/** What an index says of a version beside what Chart.yaml does; the digest as it stands there. */
export interface AboutArchive {
  readonly urls: readonly string[];
  readonly removed?: true;
  readonly digest?: string;
}

/** As `indexEntry`, of an archive that nobody has looked into: as some index has it. */
export function entryOf(metadata: Metadata, about: AboutArchive): IndexEntry {
  const members = JSON.parse(new TextDecoder().decode(configBytes(metadata)));
  const entry = { ...members, ...about };
  return {
    json: JSON.stringify(entry).slice(1, -1),
    yaml: Object.entries(entry)
      .map(([key, value]) => `    ${key}: ${isWord(value) ? value : flow(value)}\n`)
      .join(""),
  };
}

/** Text that no reader of YAML takes for anything else. */
const isWord = (value: unknown): boolean =>
  typeof value === "string" && /^[A-Za-z][\w./-]*$/.test(value) && isPlainText(value);

/**
 * A value in flow style, all text in double quotes. An index has many authors, and is lost to everybody when one part of it
 * does not parse: so nothing is left to the finer points of YAML, in which its readers differ, nor written as Helm writes
 * it, whose emitter makes of some texts what its own parser refuses (seen with Helm 3 and 4).
 */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value)
      .map(([key, each]) => `${keyOf(quoted(key))}: ${flow(each)}`)
      .join(", ")}}`;
  return typeof value === "string" ? quoted(value) : JSON.stringify(value);
}

/** libyaml looks for the `:` no further than 1024 characters behind a key's beginning, unless it is marked as one. */
const keyOf = (text: string): string => (text.length < 500 ? text : `? ${text} `);

/** JSON's escapes are YAML's; what else YAML allows no raw text to hold is escaped too, and what may end a line. */
const quoted = (text: string): string =>
  JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
