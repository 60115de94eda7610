import { parseTag } from "../../../src/oci/reference.ts";
import { type Artifact, blobOf, imageOf, indexOf } from "../../../src/testing/artifacts.ts";
import { nameOf } from "../../../src/testing/commands.ts";
import { noise } from "../../../src/testing/streams.ts";

// A small world, so that what is done meets what was done before.

/** How long what nothing names is kept, in ms. */
export const grace = 1000;
export const tags = ["1.0.0", "2.0.0", "latest"].map(parseTag);
export const names = ["a", "a/b", "c"].map(nameOf);
export const blobs = Array.from({ length: 12 }, (_, i) => blobOf(noise(i * 7, i + 1)));

/** Images that share layers, signatures of some, and indexes over both. */
export const artifacts: readonly Artifact[] = (() => {
  const images = blobs.map((blob, i) => imageOf([blob, blobs[(i * 5 + 2) % 12]!], {}, blobs[i % 3]));
  const signatures = images
    .slice(0, 6)
    .map((image, i) =>
      imageOf([blobs[11 - i]!], { subject: image.descriptor, artifactType: "application/x.sig" }, blobs[0]),
    );
  const indexes = images.slice(0, 4).map((image, i) => indexOf([image, images[i + 4]!, signatures[i]!]));
  return [...images, ...signatures, ...indexes];
})();
