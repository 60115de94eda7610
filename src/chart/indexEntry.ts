import { type Digest, hexOf } from "../oci/digest.ts";
import { configBytes } from "./config.ts";
import { goYamlText } from "./goYamlText.ts";
import type { Metadata } from "./metadata.ts";

/** A chart's version as an index lists it, but for `created`: each stands behind what the index puts in front. */
export interface IndexEntry {
  /** The members of an object, without its braces. */
  readonly json: string;
  /** The lines of a mapping, each with its end, indented by four: an item of a list below a chart's name. */
  readonly yaml: string;
}

/** What a chart's archive is called: `helm package` names it so, and who pulls it gets that name. */
export const archiveName = ({ name, version }: Pick<Metadata, "name" | "version">): string =>
  `${name}-${version}.tgz`;

/**
 * The entry of a chart in an index.yaml or its JSON (helm `pkg/repo/v1`, `ChartVersion`): all that Chart.yaml says, where
 * the archive is, and its digest in bare hex, as Helm writes it.
 * @param digest sha256 of the archive
 * @param urls of the archive; relative to the repository, or whole
 */
export function indexEntry(metadata: Metadata, digest: Digest, urls: readonly string[]): IndexEntry {
  const members = JSON.parse(new TextDecoder().decode(configBytes(metadata)));
  const entry = { ...members, urls, digest: hexOf(digest) };
  return {
    json: JSON.stringify(entry).slice(1, -1),
    yaml: goYamlText(entry).replace(/^(?=.)/gm, "    "),
  };
}
