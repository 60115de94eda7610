import { digestOf, hexOf } from "../oci/digest.ts";

/**
 * What is to be said of bytes that stood where an archive's provenance file is: a PGP clear-signed message that names the
 * archive's digest (helm `pkg/provenance`). Whose signature it is, is another question.
 * @returns `absent` for something else, such as a page that a server gives for everything; `stale` when it names no such
 *   digest
 */
export function provenanceKind(bytes: Uint8Array, archive: Uint8Array): "signed" | "stale" | "absent" {
  const text = new TextDecoder().decode(bytes);
  if (!text.trimStart().startsWith("-----BEGIN PGP SIGNED MESSAGE-----")) return "absent";
  return text.includes(hexOf(digestOf(archive))) ? "signed" : "stale";
}
