import { catalogName, type Finding, type Mend } from "./finding.ts";

/** So few lost blobs are believed in any case. */
const handful = 10;

/**
 * What of a check's findings may be mended, by what else it found: rows are believed when bytes are taken away, so a catalog
 * that is broken, or is not that of these blobs, must not be; and bytes are when rows are, so a disk that is away must not be.
 * @param known blobs that the catalog has
 * @returns them, and why the others are left
 */
export function mendable(
  findings: readonly Finding[],
  known: number,
): { readonly mended: readonly Finding[]; readonly left: readonly Finding[] } {
  const leaving = (where: string, message: string): Finding => ({ level: "warning", where, message });
  if (findings.some(({ level, where }) => level === "fault" && where === catalogName)) {
    const why = "it is broken, so nothing was mended by it: restore a backup";
    return { mended: [], left: [leaving(catalogName, why)] };
  }
  const count = (kind: Mend["kind"]) => findings.filter(({ mend }) => mend?.kind === kind).length;
  const strange = new Map<Mend["kind"] | undefined, Finding>();
  if (count("orphan") > known) {
    const why =
      "it knows fewer blobs than it does not know, so none of those was removed: is it the right one?";
    strange.set("orphan", leaving(catalogName, why));
  }
  if (count("lost-blob") > Math.max(handful, known / 2)) {
    const why =
      "most are lost, so none was taken out of its repositories: is their disk mounted? Else restore a backup";
    strange.set("lost-blob", leaving("blobs", why));
  }
  return { mended: findings.filter(({ mend }) => !strange.has(mend?.kind)), left: [...strange.values()] };
}
