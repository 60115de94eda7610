import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { manifestsOf, parseManifest } from "../oci/manifest.ts";
import { referrerOf, referrersTag } from "../oci/referrers.ts";
import type { Layout } from "./layout.ts";
import type { Referring } from "./manifest.ts";
import { entryName } from "./name.ts";

/**
 * Who refers to a manifest. Layouts have no standard for it (image-spec PR 1171 is open), so we read both that are in use:
 * manifests that index.json lists, named or not, as oras, cosign and we write them, and regclient's index under a tag of
 * the subject.
 */
export async function* referrersIn(
  layout: Layout,
  repository: string,
  subject: Digest,
): AsyncGenerator<Descriptor> {
  const index = await layout.index();
  const seen = new Set<Digest>();
  for (const { descriptor } of index.entries) {
    if (descriptor === undefined || seen.has(descriptor.digest)) continue;
    seen.add(descriptor.digest);
    const referring = await referringBy(layout, descriptor.digest);
    if (referring?.subject === subject) yield referring.referrer;
  }
  const list = index.get(entryName(repository, referrersTag(subject)))?.descriptor;
  const stored = list && (await layout.manifest(list.digest));
  if (stored === undefined) return;
  for (const each of manifestsOf(parseManifest(stored.bytes, stored.descriptor.mediaType)))
    if (!seen.has(each.digest)) yield each;
}

async function referringBy(layout: Layout, digest: Digest): Promise<Referring | undefined> {
  const known = layout.referring.get(digest);
  if (known !== undefined) return known;
  const stored = await layout.manifest(digest);
  if (stored === undefined) return undefined;
  const manifest = parseManifest(stored.bytes, stored.descriptor.mediaType);
  const referring = {
    subject: manifest.subject?.digest,
    referrer: referrerOf(stored.descriptor, manifest),
  };
  layout.referring.set(digest, referring);
  return referring;
}
