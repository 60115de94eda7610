import type { ChartArchive } from "../../chart/archive/archive.ts";
import type { Metadata } from "../../chart/metadata.ts";
import { parseRange } from "../../chart/range.ts";
import { compareVersions, tryVersion, type Version } from "../../chart/version.ts";
import type { Digest } from "../../oci/digest.ts";
import { ChartroomError } from "../../oci/errors.ts";

/** What is told of a version of a chart. */
export interface Described extends Pick<Metadata, "appVersion" | "description" | "keywords" | "deprecated"> {
  readonly name: string;
  /** As the chart writes it. */
  readonly version: string;
  /** RFC 3339 in UTC; undefined where nothing tells. */
  readonly created: string | undefined;
  /** Of the archive; undefined where an index does not say. */
  readonly digest: Digest | undefined;
  /** Undefined in a classic repository. */
  readonly manifest: Digest | undefined;
}

/** What may be a version of a chart, by what its place calls it. Nothing of it was fetched yet. */
export interface Candidate {
  /** What to fetch it by: a reference, or an archive's URL or path. */
  readonly ref: string;
  /** The tag with its `_` as `+`, or the version in an index. */
  readonly named: string;
  /** Undefined when that is none: `latest`. */
  readonly version: Version | undefined;
  /** @throws ChartroomError `invalid` when it is no chart */
  describe(): Promise<Described>;
  /** Chart.yaml, without fetching the archive where there is another way. */
  metadata(): Promise<Metadata>;
  /** The whole chart, verified. */
  open(): Promise<ChartArchive>;
}

/** All that may be versions of one chart. */
export interface FoundChart {
  /** A repository with its host, or a chart's name in an index. */
  readonly name: string;
  candidates(): Promise<readonly Candidate[]>;
}

/** Which candidates are wanted. */
export interface Wanted {
  readonly range?: string | undefined;
  /** Pre-releases, too. */
  readonly devel?: boolean | undefined;
  /** Pre-releases, and what is no version. */
  readonly all?: boolean | undefined;
}

/**
 * Those that are wanted, the newest first; what is no version comes last.
 * @throws ChartroomError `usage` for a range that does not parse
 */
export function newestFirst(
  candidates: readonly Candidate[],
  { range, devel = false, all = false }: Wanted,
): Candidate[] {
  const parsed = range === undefined ? undefined : parseRange(range, { prereleases: devel || all });
  return candidates
    .filter(({ version }) => {
      if (version === undefined) return all && parsed === undefined;
      return parsed === undefined ? all || devel || version.prerelease === "" : parsed.allows(version);
    })
    .sort(byVersion);
}

/** Versions that differ in metadata or spelling alone come in the order of their text, so that the list is the same again. */
function byVersion(a: Candidate, b: Candidate): number {
  if (a.version === undefined || b.version === undefined) {
    if (a.version !== b.version) return a.version === undefined ? 1 : -1;
    return a.named < b.named ? -1 : 1;
  }
  return compareVersions(b.version, a.version) || (a.named < b.named ? 1 : -1);
}

/** A tag as a version: Helm writes `_` where a version has `+`. */
export const versionOf = (tag: string): Pick<Candidate, "named" | "version"> => {
  const named = tag.replaceAll("_", "+");
  const version = tryVersion(named);
  return version === undefined ? { named: tag, version } : { named, version };
};

/** The error for a chart that has no version that is wanted, with what would be. */
export function noneWanted(
  name: string,
  candidates: readonly Candidate[],
  { range }: Wanted,
): ChartroomError {
  const versions = candidates.filter(({ version }) => version !== undefined);
  const [newest] = newestFirst(versions, { all: true });
  const what = range === undefined ? "" : ` in ${range}`;
  const hint =
    candidates.length === 0
      ? "Check its spelling; a registry may also hide what it does not let you read."
      : newest === undefined
        ? "None of its tags is a version; --all lists them."
        : `The newest of all is ${newest.named}${newest.version?.prerelease ? "; --devel lets pre-releases in" : ""}.`;
  return new ChartroomError("not_found", `No version of ${name}${what} was found`, { hint });
}

/**
 * A number of rows as typed; undefined where none was.
 * @throws ChartroomError `usage`
 */
export function limitOf(text: string | undefined): number | undefined {
  if (text === undefined || /^[1-9]\d{0,8}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new ChartroomError("usage", `Cannot use --limit "${text}": expected a number, 1 at least`);
}
