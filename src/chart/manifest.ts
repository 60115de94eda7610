import { type Descriptor, describe } from "../oci/descriptor.ts";
import { ChartroomError } from "../oci/errors.ts";
import type { Manifest } from "../oci/manifest.ts";
import { mediaTypes } from "../oci/mediaTypes.ts";
import type { StoredManifest } from "../oci/repository.ts";
import { annotationsOf } from "./annotations.ts";
import { partLimits } from "./archive/limits.ts";
import { configBytes } from "./config.ts";
import { goJson } from "./go/json.ts";
import { chartMediaTypes } from "./mediaTypes.ts";
import type { Metadata } from "./metadata.ts";

/** The parts of a chart that a manifest names. */
export interface ChartParts {
  readonly config: Descriptor;
  /** The `.tgz`. */
  readonly content: Descriptor;
  /** The `.prov`, where the chart is signed. */
  readonly provenance: Descriptor | undefined;
}

/**
 * The parts of a chart, told by their media types. Layers of other types are passed over, as Helm 3.7 and later do.
 * @throws ChartroomError `invalid` when the manifest is not a chart's, with what it is instead
 */
export function chartManifest(manifest: Manifest): ChartParts {
  const refuse = (why: string) =>
    new ChartroomError("invalid", `The manifest is not a chart's: ${why}`, {
      hint: "Another kind of artifact is for another tool, such as crane, oras or skopeo.",
    });
  if (manifest.kind === "index") throw refuse("it is an image index");
  if (manifest.kind === "opaque") throw refuse(`it is ${manifest.mediaType}`);
  const { config, layers } = manifest;
  if (config.mediaType !== chartMediaTypes.config) throw refuse(`its config is ${config.mediaType}`);
  const ofType = (...types: string[]) => layers.filter((layer) => types.includes(layer.mediaType));
  const [content, ...others] = ofType(chartMediaTypes.content, chartMediaTypes.legacyContent);
  const [provenance, ...more] = ofType(chartMediaTypes.provenance);
  if (content === undefined) throw refuse(`none of its ${layers.length} layers is a chart archive`);
  if (others.length > 0) throw refuse(`it has ${others.length + 1} chart archives, expected one`);
  if (more.length > 0) throw refuse(`it has ${more.length + 1} provenance files, expected one at most`);
  const parts = { config, content, provenance };
  for (const part of ["config", "content", "provenance"] as const) {
    const { size = 0 } = parts[part] ?? {};
    if (size > partLimits[part])
      throw refuse(`its ${part} has ${size} bytes, and ${partLimits[part]} are the most that a chart's has`);
  }
  return parts;
}

/** The parts of a chart; undefined where the manifest is not a chart's. */
export function tryChartManifest(manifest: Manifest): ChartParts | undefined {
  try {
    return chartManifest(manifest);
  } catch (error) {
    if (error instanceof ChartroomError) return undefined;
    throw error;
  }
}

/**
 * How a manifest is written. `current`: with its own media type, Helm 3.7's layer type and Helm 3.12's annotations.
 * `helm3.0`: to the byte as Helm 3.0 to 3.6 wrote it, for those versions alone.
 */
export type Flavour = "current" | "helm3.0";

/** What a manifest is made from. Of the descriptors only digest and size count; the flavour decides the types. */
export interface ChartContent {
  readonly metadata: Metadata;
  readonly content: Pick<Descriptor, "digest" | "size">;
  readonly provenance?: Pick<Descriptor, "digest" | "size"> | undefined;
  /** When a classic repository says that it came, RFC 3339 in UTC. */
  readonly created?: string | undefined;
}

/**
 * The config and the manifest of a chart: a pure function of its content, so the same chart has the same digest anywhere.
 * The chart layer comes first, the provenance second (Helm sorts them by digest and reads any order).
 * @throws ChartroomError `usage` for a provenance in flavour `helm3.0`: those versions refuse a second layer
 */
export function buildChartManifest(
  chart: ChartContent,
  flavour: Flavour,
): { config: StoredManifest; manifest: StoredManifest } {
  const bytes = configBytes(chart.metadata);
  const config = { descriptor: describe(bytes, chartMediaTypes.config), bytes };
  const manifest = goJson(
    flavour === "helm3.0"
      ? legacyManifest(chart, config.descriptor)
      : currentManifest(chart, config.descriptor),
  );
  return { config, manifest: { descriptor: describe(manifest, mediaTypes.manifest), bytes: manifest } };
}

function currentManifest(
  { metadata, content, provenance, created }: ChartContent,
  config: Descriptor,
): object {
  const layers = [written(content, chartMediaTypes.content)];
  if (provenance !== undefined) layers.push(written(provenance, chartMediaTypes.provenance));
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: written(config, config.mediaType),
    layers,
    annotations: annotationsOf(metadata, created),
  };
}

function legacyManifest({ content, provenance }: ChartContent, config: Descriptor): object {
  if (provenance !== undefined)
    throw new ChartroomError(
      "usage",
      "Cannot keep a provenance file in Helm 3.0's form: it has one layer only",
      {
        hint: "Leave out --media-type helm3.0, or save the chart without its .prov.",
      },
    );
  return {
    schemaVersion: 2,
    config: written(config, config.mediaType),
    layers: [written(content, chartMediaTypes.legacyContent)],
  };
}

/** A descriptor's members in the order of Go's struct. */
const written = ({ digest, size }: Pick<Descriptor, "digest" | "size">, mediaType: string) => ({
  mediaType,
  digest,
  size,
});
