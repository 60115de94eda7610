const mebibyte = 1024 * 1024;

/** What an archive may cost. Helm's limits, so that what we take Helm takes, and one on entries, which Helm has not. */
export interface ArchiveLimits {
  /** All files together must be smaller than this, in bytes. */
  readonly unpacked: number;
  /** The largest file, in bytes. */
  readonly file: number;
  /** The most entries, files and directories together. */
  readonly entries: number;
}

/** Helm's `MaxDecompressedChartSize` and `MaxDecompressedFileSize`; the count is far over any real chart's. */
export const helmLimits: ArchiveLimits = { unpacked: 100 * mebibyte, file: 5 * mebibyte, entries: 50_000 };

/** The most bytes that a part of a chart may have. Each is read into memory, and none that Helm takes is larger. */
export const partLimits = {
  /** Chart.yaml as JSON. */
  config: 4 * mebibyte,
  /** The `.tgz`: deflate grows what it cannot shrink by far less than lies between this and what may be unpacked. */
  content: 128 * mebibyte,
  /** A `.prov` holds Chart.yaml and a few digests. */
  provenance: mebibyte,
} as const;

/**
 * The largest Chart.yaml or requirements.yaml, in bytes. A megabyte of hostile YAML costs seconds, and Kubernetes takes no
 * release of more (Helm keeps it in a Secret, and the chart with it). Real ones have a few kilobytes.
 */
export const metadataLimit = mebibyte;
