import { ChartroomError } from "../../oci/errors.ts";

/** Why an archive is refused: a closed list, so that a caller or a test can tell the reasons apart. */
export type Reason =
  | "not-gzip"
  | "truncated"
  | "damaged"
  | "trailing-bytes"
  | "too-large"
  | "too-many-entries"
  | "bad-tar"
  | "bad-utf8"
  | "empty-name"
  | "absolute-path"
  | "parent-path"
  | "unsafe-name"
  | "link"
  | "special-file"
  | "duplicate"
  | "file-and-directory"
  | "outside-base-directory"
  | "several-directories"
  | "no-chart-yaml";

/** An archive that is no chart, or means harm. */
export class HostileArchive extends ChartroomError {
  readonly reason: Reason;
  /** What exactly is wrong, as the end of a sentence. */
  readonly why: string;

  constructor(reason: Reason, why: string) {
    super("invalid", `Cannot accept the chart archive: ${why}`, {
      hint: "`helm package DIRECTORY` makes one that is accepted.",
    });
    this.reason = reason;
    this.why = why;
  }
}

/** The error that refuses an archive: its reason, and what exactly is wrong. */
export const hostile = (reason: Reason, why: string): HostileArchive => new HostileArchive(reason, why);
