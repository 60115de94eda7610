import { type ChartParts, chartManifest } from "../chart/manifest.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { ChartroomError } from "../oci/errors.ts";
import { parseManifest } from "../oci/manifest.ts";
import { formatReference, parseReference, parseTag, type Reference } from "../oci/reference.ts";
import type { Reads } from "../oci/repository.ts";
import { readVerified } from "../oci/verify.ts";
import type { ArchivePlace } from "./source.ts";

/**
 * What an `oci://` URL of an index names; without a tag it is the row's version, as for Helm.
 * @throws ChartroomError `usage` when it is no reference
 */
export function referenceOf(url: URL, version: string): Reference {
  const reference = parseReference(`${url.host}${url.pathname}`);
  const isNamed = reference.tag !== undefined || reference.digest !== undefined;
  return isNamed ? reference : { ...reference, tag: parseTag(version) };
}

/** A chart in a registry as the place of its archive, which an index may name by an `oci://` URL, as Bitnami's does. */
export function registryPlace(reference: Reference, reads: Reads): ArchivePlace {
  let asked: Promise<ChartParts> | undefined;
  const parts = (): Promise<ChartParts> => {
    asked ??= partsOf(reference, reads);
    return asked;
  };
  const read = async (part: Descriptor) => readVerified(await reads.blob(part), part);
  return {
    shown: `oci://${formatReference(reference)}`,
    size: async () => (await parts()).content.size,
    archive: async (admit) => {
      const { content } = await parts();
      await admit?.(content.size);
      return read(content);
    },
    provenance: async () => {
      const { provenance } = await parts();
      return provenance && read(provenance);
    },
  };
}

async function partsOf(reference: Reference, reads: Reads): Promise<ChartParts> {
  const name = reference.digest ?? reference.tag;
  const stored = name && (await reads.manifest(name));
  if (stored !== undefined) return chartManifest(parseManifest(stored.bytes, stored.descriptor.mediaType));
  throw new ChartroomError("not_found", `Cannot fetch oci://${formatReference(reference)}: it is not there`);
}
