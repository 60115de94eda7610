import type { ChartFacts, Unreadable } from "../../chart/facts.ts";

/** What is wanted of an archive: what is kept of it, or what only one request asks for. */
export interface ArchiveRequest {
  readonly want: "facts" | "templates";
  readonly bytes: Uint8Array;
}

/** What came of it: facts, JSON, or that the reader failed at them. */
export type ArchiveReply =
  | { readonly facts: ChartFacts | Unreadable }
  | { readonly json: string }
  | { readonly failed: string };
