import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/reference.ts";
import type { PutManifest } from "../command.ts";
import type { BlobRow, HeldManifest, ManifestRows } from "../scans.ts";
import type { Rows } from "./rows.ts";
import { namesOf } from "./unnamed.ts";

/** Blobs that some repository has, each once. */
export function allBlobs({ repositories }: Rows): BlobRow[] {
  const all = [...repositories.values()].flatMap(({ blobs }) => [...blobs]);
  return [...new Map(all)].map(([digest, { size }]) => ({ digest, size }));
}

/** Manifests that some repository holds, each once. */
export const allManifests = ({ repositories }: Rows): Set<Digest> =>
  new Set([...repositories.values()].flatMap(({ manifests }) => [...manifests.keys()]));

/** All that is written of a manifest; undefined when no repository holds it. */
export function manifestRows({ repositories }: Rows, digest: Digest): ManifestRows | undefined {
  const rows = [...repositories].flatMap(([repository, { manifests }]) => {
    const found = manifests.get(digest);
    return found === undefined ? [] : [{ bytes: found.bytes, held: asHeld(repository, found) }];
  });
  const held = rows.map((row) => row.held).sort((a, b) => (a.repository < b.repository ? -1 : 1));
  return rows[0] && { bytes: rows[0].bytes, held };
}

/** All that is written of a manifest in a repository. */
function asHeld(repository: RepositoryName, command: PutManifest): HeldManifest {
  const { descriptor, subject, artifactType, annotations } = command;
  return {
    repository,
    mediaType: descriptor.mediaType,
    named: [...namesOf(command)].sort(),
    referrer: subject && { subject, artifactType, annotations },
  };
}
