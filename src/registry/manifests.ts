import type { ChartOfManifest } from "../catalog/charts.ts";
import type { PutManifest } from "../catalog/command.ts";
import { tryChartManifest } from "../chart/manifest.ts";
import { momentOf } from "../chart/moment.ts";
import { type Descriptor, describe } from "../oci/descriptor.ts";
import { parseJsonObject } from "../oci/json.ts";
import {
  artifactTypeOf,
  blobsOf,
  isAmbiguous,
  type Manifest,
  manifestsOf,
  parseManifest,
} from "../oci/manifest.ts";
import { manifestLimit } from "../oci/mediaTypes.ts";
import type { RepositoryName } from "../oci/reference.ts";
import type { PushManifest } from "../oci/repository.ts";
import { verifyBytes } from "../oci/verify.ts";
import { RegistryError, refusing } from "./errors.ts";
import type { Store } from "./store.ts";

// RFC 6838 §4.2, and of the top-level types `application` alone: a manifest is answered with its type, and no browser
// shall ever take one for a page, a picture or a script.
const mediaTypeGrammar = /^application\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;

/** Docker's schema 1: its digest is of other bytes than its own, and nothing of it can be verified. */
const schema1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(?:json|prettyjws)$/;

/**
 * The descriptor of a manifest's bytes, by what their sender says of them or, where it says nothing, by themselves.
 * @throws RegistryError `manifestInvalid`, also of one that is two kinds at once
 */
export async function describeManifest(
  bytes: Uint8Array,
  mediaType: string | undefined,
): Promise<Descriptor> {
  const document = await refusing("invalid", "manifestInvalid", () => parseJsonObject(bytes, "manifest"));
  const type = mediaType ?? document.mediaType;
  const refuse = (why: string) =>
    new RegistryError("manifestInvalid", { message: `Cannot parse manifest: ${why}` });
  if (typeof type !== "string" || !mediaTypeGrammar.test(type))
    throw refuse(`${JSON.stringify(type) ?? "no mediaType"} is no media type of manifests`);
  if (schema1.test(type))
    throw refuse("Docker's schema 1 is not taken; push it as an OCI or a schema 2 image");
  if (isAmbiguous(document, type)) throw refuse(`it is "${type}", and has members of another type`);
  return describe(bytes, type);
}

/**
 * Store a manifest's exact bytes in a repository and set its tags, all or nothing. What it names must be there already,
 * unless the rules accept that it is missing: blobs with URLs may be elsewhere, the subject may come later.
 * @param to.pushed when it was pushed, where that was to another registry, ms since 1970
 * @returns the manifest, parsed
 * @throws RegistryError `manifestTooLarge`, `digestInvalid`, `manifestInvalid`, `manifestBlobUnknown` with all that is
 *   missing, `tagTaken`
 */
export async function putManifest(
  { catalog, now, rules = {}, chartPushed = () => {} }: Store,
  repository: RepositoryName,
  descriptor: Descriptor,
  bytes: Uint8Array,
  { tags, expect, pushed }: PushManifest & Pick<PutManifest, "pushed">,
): Promise<Manifest> {
  if (bytes.byteLength > manifestLimit) throw new RegistryError("manifestTooLarge");
  await refusing("not_verified", "digestInvalid", () => verifyBytes(bytes, descriptor));
  const { mediaType, digest, size } = descriptor;
  const manifest = await refusing("invalid", "manifestInvalid", () => parseManifest(bytes, mediaType));
  const mayLack = ({ urls = [] }: Descriptor) => rules.acceptMissing === true || urls.length > 0;
  const blobs = blobsOf(manifest);
  const at = now();
  const chart = chartOf(manifest, pushed ?? at);
  const outcome = await catalog.apply({
    kind: "put-manifest",
    repository,
    descriptor: { mediaType, digest, size },
    bytes,
    tags,
    expect,
    blobs: blobs.filter((blob) => !mayLack(blob)),
    optional: [...blobs.filter(mayLack), ...(rules.acceptMissing ? manifestsOf(manifest) : [])],
    manifests: rules.acceptMissing ? [] : manifestsOf(manifest),
    subject: manifest.subject?.digest,
    artifactType: artifactTypeOf(manifest),
    annotations: manifest.annotations,
    chart,
    pushed,
    at,
  });
  if (outcome.done) {
    if (chart !== undefined) chartPushed();
    return manifest;
  }
  if (outcome.why === "missing")
    throw new RegistryError("manifestBlobUnknown", {
      message: `Manifest ${digest} names content that ${repository} does not have`,
      details: outcome.missing.map((each) => ({ digest: each })),
    });
  throw new RegistryError("tagTaken", {
    message: `Tag ${outcome.tag} of ${repository} holds ${outcome.holds ?? "nothing"}`,
    details: [{ tag: outcome.tag, digest: outcome.holds ?? null }],
  });
}

/** What the catalog is told of a chart: its archive, and when it came, as `migrate` writes it; else when it was pushed. */
function chartOf(manifest: Manifest, pushed: number): ChartOfManifest | undefined {
  const content = tryChartManifest(manifest)?.content.digest;
  const created = manifest.annotations["org.opencontainers.image.created"] ?? "";
  return content && { content, created: momentOf(created) ?? pushed };
}
