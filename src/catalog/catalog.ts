import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import type { Eventual } from "../oci/eventual.ts";
import type { RepositoryName, Tag } from "../oci/reference.ts";
import type { StoredManifest } from "../oci/repository.ts";
import type { ChartQuestions } from "./charts.ts";
import type { Command, Outcome } from "./command.ts";
import type { Page, PageRequest } from "./page.ts";
import type { Scans } from "./scans.ts";

export type { Page, PageRequest } from "./page.ts";

/** The catalog's disk or file fails: nothing is written until it is opened anew. */
export class CatalogFailed extends ChartroomError {}

/** The catalog's disk is full: nothing was done, and the same again succeeds once there is room. */
export class CatalogFull extends ChartroomError {}

/** An upload session: identity and what was acknowledged. The bytes are an ingest of the same name in `blobs/`. */
export interface Upload {
  readonly id: string;
  readonly repository: RepositoryName;
  /** Who opened it, or undefined where nobody need log in. */
  readonly user: string | undefined;
  /** Bytes that were synced and acknowledged. */
  readonly offset: number;
  /** When it was opened, ms since 1970. */
  readonly started: number;
}

/** Something to be told, and its place in the order of all. */
export interface StoredEvent {
  /** Each is one more than the one before. */
  readonly number: number;
  /** An `Event` in JSON. */
  readonly body: string;
}

/** A blob that no manifest of its repository names, or a manifest that nothing of it holds. */
export interface Waiting {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
  /** Since when, or when it last came or was asked for since then: ms since 1970. */
  readonly since: number;
}

/** A content that no repository has as a blob any more. */
export interface UnheldBytes {
  readonly digest: Digest;
  /** Whether its bytes may go at any moment. */
  readonly doomed: boolean;
}

/**
 * Rows about blobs: which repository has what, tags, referrers, uploads. Questions are single indexed queries that return
 * a page at most; whatever changes is a command: plain data, one short transaction, all or nothing, idempotent. An
 * outcome is given only after the change is durable. A question asked after an outcome sees it.
 */
export interface Catalog extends Questions {
  /**
   * Do a command. Those of one caller are done in the order in which they were asked for.
   * @throws ChartroomError `busy` when too much waits to be written: the same again later succeeds; `storage` when the
   *   disk is full or failing: whether the command was done may be unknown then, and the same again is safe
   */
  apply<C extends Command>(command: C): Promise<Outcome<C>>;
  /** Commands that were asked for and are not done yet. */
  waiting(): number;

  /** Commands that were asked for and are not done yet. */
  waiting(): number;

  /** Finish what was asked, then let go of the database. */
  close(): Promise<void>;
}

/** What a catalog can be asked. */
export interface Questions extends Scans, ChartQuestions {
  /** Whether the repository holds a manifest, a blob or an upload: with the last of them it is gone. */
  hasRepository(name: RepositoryName): Promise<boolean>;
  /** Repositories that hold a manifest, in ASCII order. */
  repositories(page: PageRequest<string>): Promise<Page<RepositoryName>>;
  /** Tags in ASCII order; undefined when there is no such repository. */
  tags(repository: RepositoryName, page: PageRequest<string>): Promise<Page<Tag> | undefined>;
  /** What a tag names, or undefined. */
  tag(repository: RepositoryName, tag: Tag): Eventual<Digest | undefined>;
  /** A manifest of this repository: absent when only another repository has it. */
  manifest(repository: RepositoryName, digest: Digest): Eventual<StoredManifest | undefined>;
  /** The size in bytes of a blob of this repository: absent when only another repository has it. */
  blob(repository: RepositoryName, digest: Digest): Eventual<number | undefined>;
  /** Some repositories that have the blob, at most `limit`, in no order: where a mount without a source may look. */
  repositoriesWithBlob(digest: Digest, limit: number): Promise<readonly RepositoryName[]>;
  /** Descriptors of the manifests of this repository whose subject is `subject`, in order of digest. */
  referrers(
    repository: RepositoryName,
    subject: Digest,
    artifactType: string | undefined,
    page: PageRequest<Digest>,
  ): Promise<Page<Descriptor>>;
  /** Since when no manifest of the repository names this blob of it, ms since 1970; undefined for any other blob. */
  unnamedSince(repository: RepositoryName, digest: Digest): Promise<number | undefined>;
  /** Blobs that no manifest of their repository has named since `before` (ms since 1970), longest first. */
  unnamed(before: number, page: PageRequest<Waiting>): Promise<Page<Waiting>>;
  /** How many those are. */
  countUnnamed(before: number): Promise<number>;
  /**
   * Manifests that no tag, no index and no subject of their repository has held since `before` (ms since 1970), longest first. A
   * subject holds its referrers while it is there.
   */
  loose(before: number, page: PageRequest<Waiting>): Promise<Page<Waiting>>;
  /** Contents that no repository has any more and that were not buried, in an order that holds still. */
  unheld(page: PageRequest<Digest>): Promise<Page<UnheldBytes>>;
  /** One of those, or undefined. */
  unheldBytes(digest: Digest): Promise<UnheldBytes | undefined>;
  /** How often the bytes of a digest were buried. */
  burials(digest: Digest): Promise<number>;
  /** Manifests of a repository that neither came nor were used since `before` (ms since 1970), at most `limit`, in no order. */
  unusedManifests(repository: RepositoryName, before: number, limit: number): Promise<readonly Digest[]>;
  upload(id: string): Promise<Upload | undefined>;
  /** Uploads in order of id. */
  uploads(page: PageRequest<string>): Promise<Page<Upload>>;
  /** What is to be told after the event of that number, in order, at most `limit`. */
  events(after: number, limit: number): Promise<readonly StoredEvent[]>;
  /** The newest event's number; 0 before there was any. */
  lastEvent(): Promise<number>;
}
