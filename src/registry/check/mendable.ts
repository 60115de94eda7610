import { catalogName, type Finding } from "./finding.ts";

/**
 * What of a check's findings may be mended, by what else it found: rows are believed when bytes are taken away, so a catalog
 * that is broken, or is not that of these blobs, must not be.
 * @param known blobs that the catalog has
 * @returns them, and why the others are left
 */
export function mendable(
  findings: readonly Finding[],
  known: number,
): { readonly mended: readonly Finding[]; readonly left: Finding | undefined } {
  const leaving = (message: string): Finding => ({ level: "warning", where: catalogName, message });
  if (findings.some(({ level, where }) => level === "fault" && where === catalogName))
    return { mended: [], left: leaving("it is broken, so nothing was mended by it: restore a backup") };
  const isOrphan = ({ mend }: Finding) => mend?.kind === "orphan";
  if (findings.filter(isOrphan).length <= known) return { mended: findings, left: undefined };
  return {
    mended: findings.filter((finding) => !isOrphan(finding)),
    left: leaving(
      "it knows fewer blobs than it does not know, so none of those was removed: is it the right one?",
    ),
  };
}
