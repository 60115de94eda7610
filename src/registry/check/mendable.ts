import { catalogName, type Finding, type Mend } from "./finding.ts";

/** What may be mended of a check's findings, and why the others are left. */
export interface Mendable {
  readonly mended: readonly Finding[];
  readonly left: readonly Finding[];
}

/** So few lost blobs are believed in any case. */
const handful = 10;

/**
 * What of a check's findings may be mended, by what else it found. Rows are believed when bytes are taken away, so a catalog that
 * is broken, or is not that of these blobs, must not be; and a disk that is away would cost every repository all its blobs.
 * @param known blobs that the catalog has
 */
export function mendable(findings: readonly Finding[], known: number): Mendable {
  if (findings.some(({ level, where }) => level === "fault" && where === catalogName))
    return {
      mended: [],
      left: [leaving(catalogName, "it is broken, so nothing was mended by it: restore a backup")],
    };
  const count = (kind: Mend["kind"]) => findings.filter(({ mend }) => mend?.kind === kind).length;
  const strange = new Map<Mend["kind"] | undefined, Finding>();
  if (count("orphan") > known)
    strange.set(
      "orphan",
      leaving(
        catalogName,
        "it knows fewer blobs than it does not know, so none of those was removed: is it the right one?",
      ),
    );
  if (count("lost-blob") > Math.max(handful, known / 2))
    strange.set(
      "lost-blob",
      leaving(
        "blobs",
        "most are lost, so none was taken out of its repositories: is their disk mounted? Else restore a backup",
      ),
    );
  return { mended: findings.filter(({ mend }) => !strange.has(mend?.kind)), left: [...strange.values()] };
}

const leaving = (where: string, message: string): Finding => ({ level: "warning", where, message });
