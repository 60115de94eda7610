import type { Metadata } from "./metadata.ts";

const prefix = "org.opencontainers.image.";

/**
 * The annotations that Helm 3.12 and later put on a chart's manifest (helm `pkg/registry/chart.go`). Blank values are left
 * out. The chart's own annotations come on top, but never over title, version and the moment that
 * is given.
 * @param created when the chart came to be, RFC 3339: only where it is known for good. A clock would move the digest of
 *   unchanged content.
 */
export function annotationsOf(metadata: Metadata, created?: string): Map<string, string> {
  const { name, version, description, home, sources, maintainers } = metadata;
  const authors = maintainers.map((each) => each.name + (each.email === "" ? "" : ` (${each.email})`));
  const derived = {
    description,
    title: name,
    version,
    url: home,
    source: sources[0] ?? "",
    authors: authors.join(", "),
  };
  const all = {
    ...Object.fromEntries(
      Object.entries(derived)
        .filter(([, value]) => value.trim() !== "")
        .map(([key, value]) => [prefix + key, value]),
    ),
    ...metadata.annotations,
    [`${prefix}title`]: name,
    [`${prefix}version`]: version,
    ...(created !== undefined && { [`${prefix}created`]: created }),
  };
  return new Map(Object.entries(all));
}
