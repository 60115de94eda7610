import type { IndexRow } from "../migrate/indexRow.ts";
import type { Step } from "../migrate/plan.ts";
import { type Digest, hexOf } from "../oci/digest.ts";
import { parseTag, type RepositoryName } from "../oci/reference.ts";
import { chartArchive, sampleChart } from "./charts.ts";

/** A row of an index. */
export const rowOf = (name: string, version: string, more: Partial<IndexRow> = {}): IndexRow => ({
  ...{ name, version, urls: [`${name}-${version}.tgz`], digest: undefined, created: "" },
  ...{ deprecated: false, removed: false, ...more },
});

/** A row's step, its repository called as its chart. */
export const stepOf = (row: IndexRow): Step => ({
  row,
  repository: row.name as RepositoryName,
  tag: parseTag(row.version),
});

/** The archive of a small chart; `more` stands in its Chart.yaml. */
export const archiveOf = async (
  name: string,
  version: string,
  more = "",
): Promise<Uint8Array<ArrayBuffer>> => {
  const chartYaml = `apiVersion: v2\nname: ${name}\nversion: ${version}\n${more}`;
  return new Uint8Array(await chartArchive(sampleChart({ "Chart.yaml": chartYaml })));
};

/** An index.yaml, one version of a chart for each row. */
export const indexOf = (rows: readonly IndexRow[]): string =>
  JSON.stringify({
    apiVersion: "v1",
    entries: Object.fromEntries(
      rows.map((row) => [
        row.name,
        rows
          .filter(({ name }) => name === row.name)
          .map((each) => ({
            ...each,
            digest: each.digest && hexOf(each.digest),
            created: each.created || undefined, // Go parses no empty time
          })),
      ]),
    ),
  });

/** A `.prov` about an archive, as far as anybody looks who does not check signatures. */
export const provenanceOf = (digest: Digest): string =>
  `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nname: mychart\n\n...\nfiles:\n  mychart.tgz: ${digest}\n`;
