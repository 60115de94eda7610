import { ChartroomError } from "../../oci/errors.ts";
import type { Candidate, Described } from "./candidate.ts";

/** A candidate and what became of asking what it is. */
export interface Row {
  readonly candidate: Candidate;
  readonly described: Described | ChartroomError;
}

/** What a candidate says of itself, or why it is no chart. @throws what else goes wrong on the way */
export async function describe(candidate: Candidate): Promise<Row> {
  try {
    return { candidate, described: await candidate.describe() };
  } catch (error) {
    // Broken content hides none of the others; a network that fails does.
    const told =
      error instanceof ChartroomError && ["invalid", "not_found", "not_verified"].includes(error.code);
    if (!told) throw error;
    return { candidate, described: error };
  }
}

/** A row as the object that `-o json` prints. Keys are only ever added. */
export const jsonOf = ({ candidate: { ref, named }, described }: Row) =>
  described instanceof ChartroomError
    ? { ref, named, error: { code: described.code, message: described.message } }
    : {
        ref,
        name: described.name,
        version: described.version,
        appVersion: described.appVersion,
        description: described.description,
        keywords: described.keywords,
        deprecated: described.deprecated,
        created: described.created ?? null,
        digest: described.digest ?? null,
        manifest: described.manifest ?? null,
      };

export const columns = ["VERSION", "APP VERSION", "CREATED", "DESCRIPTION"];

/** The cells of a row, under `columns`. */
export function cellsOf({ candidate: { named }, described }: Row): string[] {
  if (described instanceof ChartroomError) return [named, "-", "-", `error: ${described.message}`];
  const { appVersion, created, description, deprecated } = described;
  const about = [...(deprecated ? ["DEPRECATED"] : []), ...(description === "" ? [] : [description])];
  return [named, appVersion || "-", created?.slice(0, 10) ?? "-", about.join(": ") || "-"];
}
