import type { ChartFacts, Unreadable } from "../../chart/facts.ts";

/** The worker's answer to an archive's bytes: what it read, or that it failed at them. */
export type FactsReply = ChartFacts | Unreadable | { readonly failed: string };
