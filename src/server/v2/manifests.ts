import { type Digest, tryDigest } from "../../oci/digest.ts";
import { type Eventual, whenThere } from "../../oci/eventual.ts";
import { manifestLimit } from "../../oci/mediaTypes.ts";
import { type RepositoryName, type Tag, tryTag } from "../../oci/reference.ts";
import { RegistryError } from "../../registry/errors.ts";
import { describeManifest } from "../../registry/manifests.ts";
import { answer } from "../answer.ts";
import type { Call } from "../call.ts";
import { etagOf, hasTag, parseExpected } from "../conditions.ts";

interface At {
  readonly name: RepositoryName;
  readonly reference: Tag | Digest;
}

/** Tags that one push by digest may set: the specification wants ten or more. */
const tagLimit = 100;

/** distribution-spec, "Pulling manifests": the exact bytes that were pushed. @throws RegistryError `manifestUnknown` */
export function pullManifest(
  { registry, request, notifications }: Call,
  { name, reference }: At,
): Eventual<Response> {
  return whenThere(registry.repository(name).manifest(reference), (stored) => {
    if (stored === undefined) throw new RegistryError("manifestUnknown", { details: [{ name, reference }] });
    const { mediaType, digest } = stored.descriptor;
    const etag = etagOf(digest);
    if (hasTag(request.headers, etag)) return answer(304, { "docker-content-digest": digest, etag });
    notifications?.pulledManifest(name, stored, tryTag(reference));
    const headers = { "content-type": mediaType, "docker-content-digest": digest, etag };
    return answer(200, headers, stored.bytes);
  });
}

/**
 * distribution-spec, "Pushing Manifests", with main's `tag` parameters of a push by digest. `If-None-Match: *` and
 * `If-Match: "<digest>"` say what the tag must hold; a tag that holds the pushed manifest already is success.
 * @throws RegistryError as `putManifest`; `tagsTooMany`, `tagInvalid`, `parameterInvalid`
 */
export async function pushManifest(call: Call, { name, reference }: At): Promise<Response> {
  const { registry, request, query, root } = call;
  const expect = parseExpected(request.headers);
  const named = tryDigest(reference);
  const tags = named === undefined ? [reference as Tag] : parseTags(query.getAll("tag"));
  if (Number(request.headers.get("content-length")) > manifestLimit)
    throw new RegistryError("manifestTooLarge", { details: [{ limit: manifestLimit }] });
  const bytes = await call.read(manifestLimit);
  const mediaType = request.headers.get("content-type")?.split(";", 1)[0]?.trim() || undefined;
  const described = await describeManifest(bytes, mediaType);
  const descriptor = { ...described, digest: named ?? described.digest };
  const { subject } = await registry.repository(name).putManifest(descriptor, bytes, { tags, expect });
  return answer(201, {
    location: `${root}/v2/${name}/manifests/${descriptor.digest}`,
    "docker-content-digest": descriptor.digest,
    "oci-subject": subject?.digest,
    "oci-tag": named === undefined || tags.length === 0 ? undefined : tags.join(", "),
  });
}

/**
 * distribution-spec, "Deleting Tags" and "Deleting Manifests": a tag goes alone, a manifest with all its tags.
 * @throws RegistryError `manifestUnknown`
 */
export async function deleteManifest({ registry }: Call, { name, reference }: At): Promise<Response> {
  const repository = registry.repository(name);
  const digest = tryDigest(reference);
  const gone = await (digest === undefined ? repository.untag(reference as Tag) : repository.delete(digest));
  if (!gone) throw new RegistryError("manifestUnknown", { details: [{ name, reference }] });
  return answer(202);
}

function parseTags(texts: readonly string[]): Tag[] {
  if (texts.length > tagLimit) throw new RegistryError("tagsTooMany", { details: [{ limit: tagLimit }] });
  return texts.map((text) => {
    const tag = tryTag(text);
    if (tag === undefined) throw new RegistryError("tagInvalid", { details: [{ found: text }] });
    return tag;
  });
}
