import { ChartroomError } from "../oci/errors.ts";

/** A part of an index that describes one version of a chart, cut out and not parsed yet. */
export interface Entry {
  /** The name that it stands under. */
  readonly chart: string;
  /** Where it begins in the index, from 1. */
  readonly line: number;
  /** A document of its own, in the index's format. */
  readonly text: string;
}

/** A plain text at the top of the index, such as `apiVersion`. */
export interface TopMember {
  readonly member: string;
  readonly value: string;
}

/** What an index falls into when it is read from its beginning to its end. */
export type IndexPart = Entry | TopMember;

/** Of one entry, and of one line, in characters; real ones have some thousands. Nothing larger is ever held. */
export const entryLimit = 4 * 1024 * 1024;

/** The error that an index is not one, with the line that shows it. */
export const badIndex = (line: number, why: string, hint?: string): ChartroomError =>
  new ChartroomError(
    "invalid",
    `Cannot read the index: line ${line}: ${why}`,
    hint === undefined ? {} : { hint },
  );
