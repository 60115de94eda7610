import { isDeepStrictEqual } from "node:util";
import type { HeldManifest, ManifestRows } from "../../catalog/scans.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, type Digest, digestOf } from "../../oci/digest.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { giveWay } from "../../oci/giveWay.ts";
import { artifactTypeOf, blobsOf, type Manifest, manifestsOf, parseManifest } from "../../oci/manifest.ts";
import { manifestDigests } from "../scans.ts";
import type { Examined, Finding } from "./finding.ts";

/**
 * Every manifest: its bytes have its digest and parse, and the rows beside it, of blobs and of referrers, are what its bytes
 * say. That what it names is missing is worth a warning: the rules of the registry may accept it.
 */
export async function checkManifests(examined: Examined): Promise<void> {
  const { catalog, signal, tell, saw } = examined;
  let turned = performance.now();
  for await (const digest of manifestDigests(catalog)) {
    signal.throwIfAborted();
    const first = await look(examined, digest);
    saw("manifest", first.bytes);
    // It may have been deleted since, or what it names: what is so the second time is so.
    if (first.findings.length > 0) {
      const { findings } = await look(examined, digest);
      for (const finding of findings)
        if (first.findings.some((each) => isDeepStrictEqual(each, finding))) tell(finding);
    }
    // Questions to a database answer at once: without this nobody else would have a turn.
    if (performance.now() - turned < 5) continue;
    await giveWay();
    turned = performance.now();
  }
}

async function look(examined: Examined, digest: Digest): Promise<{ bytes: number; findings: Finding[] }> {
  const rows = await examined.catalog.manifestRows(digest);
  if (rows === undefined) return { bytes: 0, findings: [] };
  const findings: Finding[] = [];
  const isWhole = digestOf(rows.bytes, algorithmOf(digest)) === digest;
  for (const held of rows.held) {
    const where = `${held.repository}@${digest}`;
    if (isWhole) findings.push(...(await examine(examined, where, digest, rows, held)));
    else
      findings.push({
        level: "fault",
        where,
        message: "its bytes in the catalog are not what its name says",
      });
  }
  return { bytes: rows.bytes.byteLength, findings };
}

/** What is wrong with a manifest in one repository. */
async function examine(
  examined: Examined,
  where: string,
  digest: Digest,
  { bytes }: ManifestRows,
  held: HeldManifest,
): Promise<Finding[]> {
  const { repository, mediaType } = held;
  let manifest: Manifest;
  try {
    manifest = parseManifest(bytes, mediaType);
  } catch (error) {
    if (!(error instanceof ChartroomError)) throw error;
    return [{ level: "fault", where, message: error.message }];
  }
  const findings: Finding[] = [];
  const mend = { kind: "manifest-rows", digest, repository } as const;
  const fault = (message: string) => findings.push({ level: "fault", where, message, mend });
  const { named, referrer } = rowsOf(manifest);
  if (!isDeepStrictEqual(held.named, named)) fault("its rows name other content than its bytes");
  if (!isDeepStrictEqual(held.referrer, referrer))
    fault("its row among the referrers is not what its bytes say");
  const missing = await missingOf(examined, repository, manifest);
  if (missing.length > 0)
    findings.push({ level: "warning", where, message: `its repository lacks ${missing.join(", ")}` });
  return findings;
}

/** All that a manifest names: blobs, and the manifests of an index. */
export const namedBy = (manifest: Manifest): readonly Descriptor[] => [
  ...blobsOf(manifest),
  ...manifestsOf(manifest),
];

/** The rows that follow from a manifest's bytes. */
export function rowsOf(manifest: Manifest): Pick<HeldManifest, "named" | "referrer"> {
  const { subject, annotations } = manifest;
  return {
    named: [...new Set(namedBy(manifest).map(({ digest }) => digest))].sort(),
    referrer: subject && { subject: subject.digest, artifactType: artifactTypeOf(manifest), annotations },
  };
}

/** What a manifest names and its repository lacks; not what has URLs, which may be elsewhere. */
async function missingOf(
  { catalog }: Examined,
  repository: HeldManifest["repository"],
  manifest: Manifest,
): Promise<string[]> {
  const missing: string[] = [];
  for (const { digest, urls = [] } of blobsOf(manifest))
    if (urls.length === 0 && (await catalog.blob(repository, digest)) === undefined)
      missing.push(`blob ${digest}`);
  for (const { digest } of manifestsOf(manifest))
    if ((await catalog.manifest(repository, digest)) === undefined) missing.push(`manifest ${digest}`);
  return missing;
}
