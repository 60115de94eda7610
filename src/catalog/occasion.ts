import type { Descriptor } from "../oci/descriptor.ts";

/** The request that something came of, as events tell it: names are CNCF Distribution's. */
export interface RequestRecord {
  /** The one that the log has. */
  readonly id: string;
  readonly addr?: string | undefined;
  /** As the Host header has it. */
  readonly host?: string | undefined;
  readonly method: string;
  readonly useragent: string;
}

/** Who is to be told of a command, and what beside what it did: plain data, the same in each of its events. */
export interface Occasion {
  /** The first event's id; those that follow are numbered behind it. */
  readonly id: string;
  /** ms since 1970 */
  readonly at: number;
  /** What the URLs of content begin with, as `https://charts.example.com/team`. */
  readonly base: string;
  readonly request: RequestRecord;
  /** Nameless where nobody need log in. */
  readonly actor: { readonly name?: string | undefined };
  /** The registry: where it listens, and which run of it. */
  readonly source: { readonly addr: string; readonly instanceID: string };
  /** What the manifest names, where that is to be told. */
  readonly references?: readonly Descriptor[] | undefined;
}

/** A command that may be told of: where it has an occasion, the events are rows of its own transaction. */
export interface Telling {
  readonly occasion?: Occasion | undefined;
}
