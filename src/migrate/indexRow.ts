import type { Fields } from "../chart/fields.ts";
import { tryVersion } from "../chart/version.ts";
import { type Digest, tryDigest } from "../oci/digest.ts";

/** A chart's version as a classic repository's index has it (helm `pkg/repo/v1`, `ChartVersion`): what is needed to fetch it. */
export interface IndexRow {
  readonly name: string;
  /** A version as `chart/version.ts` reads it, as written. */
  readonly version: string;
  /** Where the archive may be, the first one first: absolute, or relative to the repository. */
  readonly urls: readonly string[];
  /** Of the archive; undefined where the index has none, or none that can be one. */
  readonly digest: Digest | undefined;
  /** What stands in its place where that can be none. */
  readonly oddDigest?: string;
  /** When it came, as written; empty where the index does not say. */
  readonly created: string;
  readonly deprecated: boolean;
  /** Withdrawn by its authors. */
  readonly removed: boolean;
  /** Why it is left where it is, where its source knows: the end of a sentence that begins with it. */
  readonly left?: string;
  /** What is for people; only where the index was read for it. */
  readonly about?: About;
}

/** What an index tells people of a version; empty where it does not. */
export interface About {
  readonly appVersion: string;
  readonly description: string;
  readonly keywords: readonly string[];
}

/** The most places that a version may be at; each that fails is a request. Real indexes name one or two. */
const urlsLimit = 16;

/**
 * A row out of the members of an entry.
 * @param chart the name that the entry stands under
 * @param described whether what is for people is wanted, too
 * @throws ChartroomError `invalid` with what is wrong: an entry that Helm would skip
 */
export function readRow(fields: Fields, chart: string, described: boolean): IndexRow {
  const name = fields.text("name") || chart;
  const version = fields.text("version");
  if (name !== chart)
    throw fields.refuse(`it is named ${JSON.stringify(name)} under ${JSON.stringify(chart)}`);
  if (version === "") throw fields.refuse("the version is missing");
  if (tryVersion(version) === undefined)
    throw fields.refuse(`the version ${JSON.stringify(version)} is not like 1.2.3`);
  const urls = fields.texts("urls").filter((url) => url !== "");
  if (urls.length === 0) throw fields.refuse("it has no URL");
  if (urls.length > urlsLimit)
    throw fields.refuse(`it has ${urls.length} URLs, expected ${urlsLimit} at most`);
  const written = fields.text("digest").trim();
  const digest = digestOfIndex(written);
  return {
    name,
    version,
    urls,
    digest,
    ...(digest === undefined && written !== "" && { oddDigest: written }),
    created: fields.text("created"),
    deprecated: fields.flag("deprecated"),
    removed: fields.flag("removed"),
    ...(described && {
      about: {
        appVersion: fields.text("appVersion"),
        description: fields.text("description"),
        keywords: fields.texts("keywords"),
      },
    }),
  };
}

/** Indexes have bare hex, some of them with the algorithm in front; the dead field `checksum` was sha1, and is not looked at. */
const digestOfIndex = (text: string): Digest | undefined => {
  const written = text.toLowerCase();
  return tryDigest(written.includes(":") ? written : `sha256:${written}`);
};
