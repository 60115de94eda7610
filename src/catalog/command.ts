import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { RepositoryName, Tag } from "../oci/reference.ts";
import type { Expected } from "../oci/repository.ts";
import type { ChartCommand, ChartOfManifest, ChartOutcomes } from "./charts.ts";
import type { CollectionCommand, CollectionOutcomes } from "./collection.ts";
import type { MendingCommand, MendingOutcomes } from "./mending.ts";
import type { Telling } from "./occasion.ts";

/** Open an upload session. Doing it again with the same id changes nothing. */
export interface OpenUpload {
  readonly kind: "open-upload";
  readonly id: string;
  readonly repository: RepositoryName;
  readonly user: string | undefined;
  /** ms since 1970 */
  readonly at: number;
}

/** Acknowledge bytes of a session that were synced. They are never taken back: a smaller offset changes nothing. */
export interface AdvanceUpload {
  readonly kind: "advance-upload";
  readonly id: string;
  /** in bytes, from the start of the session */
  readonly offset: number;
}

/** Forget a session: finished or cancelled. */
export interface CloseUpload {
  readonly kind: "close-upload";
  readonly id: string;
}

/**
 * A blob whose bytes are durable becomes part of a repository; the session that brought it, if any, ends with it. Refused
 * while the bytes are doomed, and when they were buried after they had been published: publish them again then.
 */
export interface LinkBlob extends Telling {
  readonly kind: "link-blob";
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly size: number;
  /** What `Catalog.burials` said of the digest before its bytes were published. */
  readonly burials: number;
  readonly upload?: string | undefined;
  readonly at: number;
}

/**
 * A blob of `from` becomes part of `repository` too, if `from` still has it when the command runs. A blob that
 * `repository` has already is success.
 */
export interface MountBlob extends Telling {
  readonly kind: "mount-blob";
  readonly repository: RepositoryName;
  readonly from: RepositoryName;
  readonly digest: Digest;
  readonly at: number;
}

/** Take a blob out of a repository; refused while a manifest of the repository names it. */
export interface UnlinkBlob extends Telling {
  readonly kind: "unlink-blob";
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

/**
 * Store a manifest's bytes and set its tags. Children are checked in the same transaction, the first time and every time. The
 * bytes stay the caller's. Which blobs it names follows from bytes and media type; which of them must be there may differ
 * from one put to the next. Put again under another media type, the last one holds.
 */
export interface PutManifest extends Telling {
  readonly kind: "put-manifest";
  readonly repository: RepositoryName;
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly tags: readonly Tag[];
  readonly expect: Expected;
  /** Blobs it names that must be part of the repository. */
  readonly blobs: readonly Descriptor[];
  /** Content it names that may be elsewhere or come later. Once here it stays as long as this does, like the others. */
  readonly optional: readonly Descriptor[];
  /** Manifests it names that must be part of the repository. */
  readonly manifests: readonly Descriptor[];
  readonly subject: Digest | undefined;
  /** As a referrer is listed: its artifactType and its annotations. */
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  /** Where it is a chart's. */
  readonly chart?: ChartOfManifest | undefined;
  /** When it was pushed, where that was to another registry before, ms since 1970; unsaid, `at`. */
  readonly pushed?: number | undefined;
  readonly at: number;
}

/** Take a tag away. */
export interface Untag extends Telling {
  readonly kind: "untag";
  readonly repository: RepositoryName;
  readonly tag: Tag;
  readonly at: number;
}

/** Take a manifest out of a repository, with all tags that name it. */
export interface DeleteManifest extends Telling {
  readonly kind: "delete-manifest";
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** Only if nothing has held it since then: see `Catalog.loose`. */
  readonly looseSince?: number | undefined;
  readonly at: number;
}

/** Write down events of what was only read, as JSON: pulls, several at once. */
export interface TellEvents {
  readonly kind: "tell-events";
  readonly events: readonly string[];
}

/** Say who is to be told of events: of all from now on, or those that it has not had. Whoever is not named is forgotten. */
export interface OpenEndpoints {
  readonly kind: "open-endpoints";
  readonly names: readonly string[];
}

/** Note that an endpoint has had all events up to this one. What all endpoints have had is forgotten. */
export interface AdvanceEndpoint {
  readonly kind: "advance-endpoint";
  readonly name: string;
  /** The event's number. */
  readonly event: number;
}

/** Note that a manifest was asked for: what a mirror keeps may go when nobody asks for it any more. */
export interface UseManifest {
  readonly kind: "use-manifest";
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly at: number;
}

export type Command =
  | OpenUpload
  | AdvanceUpload
  | CloseUpload
  | LinkBlob
  | MountBlob
  | UnlinkBlob
  | PutManifest
  | Untag
  | DeleteManifest
  | TellEvents
  | OpenEndpoints
  | AdvanceEndpoint
  | CollectionCommand
  | MendingCommand
  | ChartCommand
  | UseManifest;

interface Outcomes extends CollectionOutcomes, MendingOutcomes, ChartOutcomes {
  "open-upload": { done: true };
  /** `absent`: the session ended meanwhile, and its bytes with it. */
  "advance-upload": { done: true } | { done: false; why: "absent" };
  "close-upload": { done: true };
  "link-blob": { done: true } | { done: false; why: "doomed" };
  /** `size` of the mounted blob; `absent` when the source does not have it. */
  "mount-blob": { done: true; size: number } | { done: false; why: "absent" };
  "unlink-blob": { done: true } | { done: false; why: "absent" } | { done: false; why: "in-use" };
  /** `existed`: the repository had this manifest, and every tag named it already. */
  "put-manifest":
    | { done: true; existed: boolean }
    | { done: false; why: "missing"; missing: readonly Digest[] }
    | { done: false; why: "conflict"; tag: Tag; holds: Digest | undefined };
  untag: { done: true } | { done: false; why: "absent" };
  /** `in-use`: something holds it, or did since `looseSince`. */
  "delete-manifest": { done: true } | { done: false; why: "absent" | "in-use" };
  "tell-events": { done: true };
  /** The number of the last event that each has had, in the order of the names. */
  "open-endpoints": { done: true; had: readonly number[] };
  "advance-endpoint": { done: true } | { done: false; why: "absent" };
  "use-manifest": { done: true } | { done: false; why: "absent" };
}

/** What became of a command: done, or refused for a reason that is no fault. Faults are thrown. */
export type Outcome<C extends Command = Command> = Outcomes[C["kind"]];

/** One function a command, over whatever an implementation keeps its rows in. */
export type Executors<Rows> = {
  readonly [C in Command as C["kind"]]: (rows: Rows, command: C) => Outcome<C>;
};

/** Run the function that `executors` has for a command. What it throws goes through. */
export function execute<Rows, C extends Command>(
  executors: Executors<Rows>,
  rows: Rows,
  command: C,
): Outcome<C> {
  // A command's kind finds the function for just that command; the compiler cannot follow that.
  const run = executors[command.kind] as unknown as (rows: Rows, command: C) => Outcome<C>;
  return run(rows, command);
}
