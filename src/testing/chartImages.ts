import { chartMediaTypes } from "../chart/mediaTypes.ts";
import { type Artifact, blobOf, type Content, imageOf } from "./artifacts.ts";

/** A chart's image over any bytes as its archive. */
export const chartImage = (archive: Content, config = "{}"): Artifact =>
  imageOf(
    [{ ...archive, descriptor: { ...archive.descriptor, mediaType: chartMediaTypes.content } }],
    {},
    blobOf(config, chartMediaTypes.config),
  );
