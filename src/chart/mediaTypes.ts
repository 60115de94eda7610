/** Media types of a chart's parts (Helm's `pkg/registry`, and HIP-6). */
export const chartMediaTypes = {
  /** Chart.yaml as JSON. */
  config: "application/vnd.cncf.helm.config.v1+json",
  /** The `.tgz`, as Helm writes it since 3.7. */
  content: "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
  /** The `.tgz`, as Helm 3.0 to 3.6 wrote it. */
  legacyContent: "application/tar+gzip",
  /** The `.prov` file: a PGP clear-signed message about the `.tgz`. */
  provenance: "application/vnd.cncf.helm.chart.provenance.v1.prov",
} as const;
