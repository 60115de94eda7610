import { repositoryMetadataTag } from "../chart/repositoryMetadata.ts";

/**
 * Whether a tag in a chart's repository is about its charts and no chart itself: cosign's before version 3, named after what
 * they sign (`sha256-<hex>.sig`), and the one under which Artifact Hub looks for the repository's owner.
 */
export const isAboutCharts = (tag: string): boolean =>
  /^sha256-[0-9a-f]{64}\.[a-z]+$/.test(tag) || tag === repositoryMetadataTag;
