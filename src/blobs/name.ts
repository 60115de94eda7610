import { ChartroomError } from "../oci/errors.ts";

const grammar = /^[a-z0-9-]+$/;

/** Whether a file of this name in the ingest directory is one of ours. */
export const isIngestName = (text: string): boolean => grammar.test(text);

/**
 * An ingest's name, safe as a file name.
 * @throws ChartroomError `usage` when it is not lower-case letters, digits and `-`
 */
export function parseIngestName(text: string): string {
  if (isIngestName(text)) return text;
  throw new ChartroomError(
    "usage",
    `Cannot parse ingest "${text}": expected lower-case letters, digits and "-"`,
  );
}
