/** Media types of image-spec, and of Docker's registry where old images still carry them. */
export const mediaTypes = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
  empty: "application/vnd.oci.empty.v1+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerManifestList: "application/vnd.docker.distribution.manifest.list.v2+json",
  octets: "application/octet-stream",
} as const;

/** The largest manifest that we read, send or accept, in bytes (distribution-spec, "Pushing manifests": 4 MiB). */
export const manifestLimit = 4 * 1024 * 1024;
