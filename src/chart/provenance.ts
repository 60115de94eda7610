import { algorithmOf, type Digest, hexOf } from "../oci/digest.ts";

/**
 * What is to be said of bytes that stood where an archive's provenance file is: a PGP clear-signed message that names the
 * archive's digest (helm `pkg/provenance`). Whose signature it is, is another question.
 * @returns `absent` for something else, such as a page that a server gives for everything; `stale` when it names no such
 *   digest
 */
export function provenanceKind(bytes: Uint8Array, archive: Digest): "signed" | "stale" | "absent" {
  const text = new TextDecoder().decode(bytes);
  if (!text.trimStart().startsWith("-----BEGIN PGP SIGNED MESSAGE-----")) return "absent";
  return isAbout(bytes, archive) ? "signed" : "stale";
}

/** Whether a provenance file names an archive, by sha256; of one whose digest is another it says nothing. */
export const isAbout = (bytes: Uint8Array, archive: Digest): boolean =>
  algorithmOf(archive) !== "sha256" || new TextDecoder().decode(bytes).includes(hexOf(archive));

/**
 * The chart that a provenance file is about, by the Chart.yaml in it, as ChartMuseum reads it (`pkg/repo/provenance.go`);
 * undefined when it is none.
 */
export function signedChart(bytes: Uint8Array): { name: string; version: string } | undefined {
  const text = new TextDecoder().decode(bytes);
  if (!text.startsWith("-----BEGIN PGP SIGNED MESSAGE-----")) return undefined;
  const member = (key: string) =>
    new RegExp(`\\n${key}: *(.+)`)
      .exec(text)?.[1]
      ?.trim()
      .replace(/^(["'])(.*)\1$/, "$2");
  const [name, version] = [member("name"), member("version")];
  return name === undefined || version === undefined ? undefined : { name, version };
}
