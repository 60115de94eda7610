import type { Descriptor } from "../../oci/descriptor.ts";
import { type Digest, tryDigest } from "../../oci/digest.ts";
import { jsonBytes } from "../../oci/json.ts";
import { manifestLimit, mediaTypes } from "../../oci/mediaTypes.ts";
import type { RepositoryName } from "../../oci/reference.ts";
import { RegistryError } from "../../registry/errors.ts";
import { answer } from "../answer.ts";
import type { Call } from "../call.ts";
import { nextLink } from "../paging.ts";

/** Referrers on one page, at most; their annotations may end it sooner. */
const pageLimit = 100;

/**
 * distribution-spec, "Listing Referrers": an index of what names the subject. An unknown subject, or repository, has an
 * empty one.
 * @throws RegistryError `digestInvalid` when `last` is no digest
 */
export async function listReferrers(
  { registry, query, root }: Call,
  { name, digest }: { name: RepositoryName; digest: Digest },
): Promise<Response> {
  const artifactType = query.get("artifactType") || undefined;
  const last = query.get("last");
  const after = last === null ? undefined : tryDigest(last);
  if (last !== null && after === undefined) throw new RegistryError("digestInvalid");
  const page = await registry
    .repository(name)
    .referrerPage(digest, artifactType, { after, limit: pageLimit });
  const manifests = fitting(page.items);
  const end = manifests.at(-1)?.digest;
  const more = page.more || manifests.length < page.items.length;
  const link =
    more && end !== undefined
      ? nextLink(`${root}/v2/${name}/referrers/${digest}`, {
          ...(artifactType !== undefined && { artifactType }),
          last: end,
        })
      : undefined;
  const filters = artifactType === undefined ? undefined : "artifactType";
  return answer(
    200,
    { "content-type": mediaTypes.index, "oci-filters-applied": filters, link },
    jsonBytes({ schemaVersion: 2, mediaType: mediaTypes.index, manifests }),
  );
}

/** The first descriptors, as many as fit into an index of the size that clients read; one at least, so that it goes on. */
function fitting(descriptors: readonly Descriptor[]): readonly Descriptor[] {
  let room = manifestLimit - 200;
  const end = descriptors.findIndex((descriptor, i) => {
    room -= jsonBytes(descriptor).byteLength + 1;
    return room < 0 && i > 0;
  });
  return end < 0 ? descriptors : descriptors.slice(0, end);
}
