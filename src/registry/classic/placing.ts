import type { ChartTag, Prefix } from "../../catalog/charts.ts";
import { tryVersion } from "../../chart/version.ts";
import type { RepositoryName, Tag } from "../../oci/reference.ts";
import type { Listed } from "./leaf.ts";

/** A chart that is in the registry and in no index, and why: a sentence without a dot. */
export interface Misplaced {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  readonly why: string;
}

/** Where a tag stands in the index of its prefix. */
export type Place =
  | { readonly kind: "listed"; readonly listed: Listed }
  | { readonly kind: "misplaced"; readonly why: string }
  /** Its archive was not read yet. */
  | { readonly kind: "unread" }
  /** It names no chart. */
  | { readonly kind: "none" };

/**
 * Where a tag stands: an index lists a chart whose name is the last part of its repository's name, under a tag that is its
 * version (`_` for `+`), and nothing else. So no two charts ever meet under one name and version, whoever pushes what.
 */
export function placeOf({ repository, tag, chart }: Pick<ChartTag, "repository" | "tag" | "chart">): Place {
  if (chart === undefined) return { kind: "none" };
  const misplaced = (why: string): Place => ({ kind: "misplaced", why });
  if (repository.startsWith("api/")) return misplaced("no index has an address below api");
  if (!chart.present) return misplaced("its archive is not in the repository");
  const { read, content, created } = chart;
  if (read === undefined) return { kind: "unread" };
  if ("unreadable" in read) return misplaced(`its archive cannot be read: ${read.unreadable}`);
  const name = repository.slice(prefixOf(repository).length);
  if (read.name !== name)
    return misplaced(
      `it is the chart ${JSON.stringify(read.name)}, and the repository's name ends with ${name}`,
    );
  const parsed = tryVersion(read.version);
  if (parsed === undefined || read.version.replaceAll("+", "_") !== tag)
    return misplaced(`it is version ${read.version}, which is not the tag`);
  return { kind: "listed", listed: { tag, version: read.version, parsed, content, created } };
}

/** What stands in front of the last part of a repository's name, with the slash. */
export const prefixOf = (repository: RepositoryName): Prefix =>
  repository.slice(0, repository.lastIndexOf("/") + 1);
