import { type RepositoryName, tryRepositoryName } from "../oci/reference.ts";

/**
 * What a chart's repository is called: its name, where that is a part of a repository's name (distribution-spec, "Pulling
 * manifests"). Otherwise in lower case, each run of other characters a `-`, none at either end: `My Chart` is `my-chart`.
 * @returns undefined when nothing is left
 */
export const repositoryNameOf = (chart: string): RepositoryName | undefined =>
  tryRepositoryName(
    chart
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, (run) => (/^(?:\.|__?|-+)$/.test(run) ? run : "-"))
      .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, ""),
  );

/** As `repositoryNameOf`, for a path: what stands in a registry or a layout has parts, and each keeps its place. */
export const repositoryPathOf = (path: string): RepositoryName | undefined =>
  tryRepositoryName(
    path
      .split("/")
      .map((part) => repositoryNameOf(part) ?? "")
      .join("/"),
  );
