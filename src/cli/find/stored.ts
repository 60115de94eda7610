import { isWhole } from "../../blobs/whole.ts";
import { openArchive } from "../../chart/archive/archive.ts";
import { parseConfig } from "../../chart/config.ts";
import { type ChartParts, chartManifest } from "../../chart/manifest.ts";
import { createdOf } from "../../chart/moment.ts";
import type { Layout } from "../../layout/layout.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { type Digest, tryDigest } from "../../oci/digest.ts";
import type { limiter } from "../../oci/limiter.ts";
import { type Manifest, parseManifest } from "../../oci/manifest.ts";
import type { Tag } from "../../oci/reference.ts";
import type { Reads, StoredManifest } from "../../oci/repository.ts";
import { readVerified } from "../../oci/verify.ts";
import { namedManifest } from "../named.ts";
import type { OpenPlace } from "../openPlace.ts";
import { formatOne } from "../place.ts";
import { type Candidate, type FoundChart, versionOf } from "./candidate.ts";

/** A place as charts are found in it. */
export interface Finding {
  readonly open: OpenPlace;
  /** The local store: what it has is not fetched again. */
  readonly store: Layout;
  /** Holds what is asked of a registry at once to a number. */
  readonly limit: ReturnType<typeof limiter>;
}

/** The charts in a repository, or below a prefix, of a registry or a layout. */
export async function* chartsIn(
  finding: Finding,
  what: Parameters<OpenPlace["list"]>[0],
): AsyncGenerator<FoundChart> {
  for await (const { repository, names } of finding.open.list(what))
    yield {
      name: repository,
      candidates: async () =>
        (await finding.limit(names))
          .filter((named) => tryDigest(named) === undefined)
          .map((named) => storedCandidate(finding, repository, { tag: named as Tag })),
    };
}

/** A manifest of a repository by its tag or digest. */
export function storedCandidate(
  { open, store, limit }: Finding,
  repository: string,
  named: { readonly tag?: Tag | undefined; readonly digest?: Digest | undefined },
): Candidate {
  const reads = open.reads(repository);
  const ref = formatOne({ repository, ...named });
  const stored = async () => {
    // Bytes of a digest are the same anywhere; what a tag holds only its place knows.
    const { tag, digest } = named;
    const held = tag === undefined && digest ? await store.manifest(digest) : undefined;
    return held ?? limit(() => namedManifest(reads, named, () => open.notFound(ref)));
  };
  const part = (descriptor: Descriptor) => limit(() => readPart(descriptor, store, reads));
  const configOf = async ({ config }: ChartParts) => parseConfig(await part(config));
  return {
    ref,
    ...versionOf(named.tag ?? named.digest ?? ""),
    async describe() {
      const manifest = await stored();
      const { parts, annotations } = partsOf(manifest);
      const metadata = await configOf(parts);
      return {
        ...metadata,
        created: createdOf(annotations["org.opencontainers.image.created"] ?? ""),
        digest: parts.content.digest,
        manifest: manifest.descriptor.digest,
      };
    },
    metadata: async () => configOf(partsOf(await stored()).parts),
    open: async () => openArchive(await part(partsOf(await stored()).parts.content)),
  };
}

function partsOf({ bytes, descriptor }: StoredManifest): {
  parts: ChartParts;
  annotations: Manifest["annotations"];
} {
  const manifest = parseManifest(bytes, descriptor.mediaType);
  return { parts: chartManifest(manifest), annotations: manifest.annotations };
}

async function readPart(part: Descriptor, store: Layout, reads: Reads): Promise<Uint8Array> {
  const whole =
    (await store.blobs.stat(part.digest)) === part.size && (await isWhole(store.blobs, part.digest));
  return readVerified(await (whole ? store.blob(part) : reads.blob(part)), part);
}
