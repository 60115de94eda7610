import type { Digest } from "../oci/digest.ts";
import type { RepositoryName, Tag } from "../oci/reference.ts";
import type { StoredManifest } from "../oci/repository.ts";
import type { Prefix } from "./charts.ts";
import type { Command } from "./command.ts";

/** What is asked for each pull, of a classic index too, answered on the spot. */
export interface PullQuestions {
  tag(repository: RepositoryName, tag: Tag): Digest | undefined;
  manifest(repository: RepositoryName, digest: Digest): StoredManifest | undefined;
  blob(repository: RepositoryName, digest: Digest): number | undefined;
  /** 0 where there was no change. */
  chartChange(prefix: Prefix): number;
}

/** What one repository was found to have. */
interface Found {
  readonly tags: Map<Tag, Digest>;
  readonly manifests: Map<Digest, StoredManifest>;
  readonly blobs: Map<Digest, number>;
}

/** Entries of all kinds, and bytes of manifests, that are remembered at most: some 32 MiB. Then all is forgotten. */
const usualRoom = { entries: 50_000, bytes: 16 * 1024 * 1024 };
/** Prefixes whose last change is remembered. */
const prefixes = 1000;

/** Commands that change nothing of all that. */
const harmless: ReadonlySet<Command["kind"]> = new Set([
  "open-upload",
  "advance-upload",
  "close-upload",
  "tell-events",
  "open-endpoints",
  "advance-endpoint",
  "use-manifest",
  "renew-blob",
  "doom",
  "bury",
]);
/** Commands that change only what is known of charts. */
const ofCharts: ReadonlySet<Command["kind"]> = new Set([
  "put-facts",
  "begin-facts",
  "drop-unread",
  "forget-changes",
]);
/** Commands that change the repository that they name, and no other. After all the rest nothing is believed. */
const local: ReadonlySet<Command["kind"]> = new Set([
  "link-blob",
  "mount-blob",
  "unlink-blob",
  "collect-blob",
  "put-manifest",
  "untag",
  "delete-manifest",
]);

/**
 * Answers to the questions of a pull, kept until a command may have changed them: a look-up in place of 20 µs of SQL each. What was
 * not found is asked for again. The answers are exact, since one process owns a catalog and its commands all come through one
 * thread: it calls `forget` for each before its outcome is told, and nothing is awaited between an answer and its entry here.
 */
export class Remembered implements PullQuestions {
  readonly #ask: PullQuestions;
  readonly #room: typeof usualRoom;
  readonly #found = new Map<RepositoryName, Found>();
  readonly #changes = new Map<Prefix, number>();
  #entries = 0;
  #bytes = 0;

  constructor(ask: PullQuestions, room = usualRoom) {
    this.#ask = ask;
    this.#room = room;
  }

  tag(repository: RepositoryName, tag: Tag): Digest | undefined {
    return (
      this.#found.get(repository)?.tags.get(tag) ??
      this.#keep(repository, "tags", tag, this.#ask.tag(repository, tag))
    );
  }

  manifest(repository: RepositoryName, digest: Digest): StoredManifest | undefined {
    const known = this.#found.get(repository)?.manifests.get(digest);
    if (known !== undefined) return known;
    const manifest = this.#ask.manifest(repository, digest);
    return this.#keep(repository, "manifests", digest, manifest, manifest?.bytes.byteLength);
  }

  blob(repository: RepositoryName, digest: Digest): number | undefined {
    return (
      this.#found.get(repository)?.blobs.get(digest) ??
      this.#keep(repository, "blobs", digest, this.#ask.blob(repository, digest))
    );
  }

  chartChange(prefix: Prefix): number {
    const known = this.#changes.get(prefix);
    if (known !== undefined) return known;
    const number = this.#ask.chartChange(prefix);
    if (this.#changes.size >= prefixes) this.#changes.clear();
    if (number > 0) this.#changes.set(prefix, number);
    return number;
  }

  /** A command was done, or may have been. */
  forget(command: Command): void {
    if (harmless.has(command.kind)) return;
    this.#changes.clear();
    if (ofCharts.has(command.kind)) return;
    if (local.has(command.kind) && "repository" in command) this.#drop(command.repository);
    else this.#clear();
  }

  #keep<Kind extends keyof Found, Name, Answer>(
    repository: RepositoryName,
    kind: Kind,
    name: Name,
    answer: Answer | undefined,
    bytes = 0,
  ): Answer | undefined {
    if (answer === undefined) return undefined;
    if (this.#entries >= this.#room.entries || this.#bytes + bytes > this.#room.bytes) this.#clear();
    let found = this.#found.get(repository);
    if (found === undefined) {
      found = { tags: new Map(), manifests: new Map(), blobs: new Map() };
      this.#found.set(repository, found);
    }
    (found[kind] as unknown as Map<Name, Answer>).set(name, answer);
    this.#entries++;
    this.#bytes += bytes;
    return answer;
  }

  #drop(repository: RepositoryName): void {
    const found = this.#found.get(repository);
    if (found === undefined) return;
    this.#found.delete(repository);
    this.#entries -= found.tags.size + found.manifests.size + found.blobs.size;
    for (const { bytes } of found.manifests.values()) this.#bytes -= bytes.byteLength;
  }

  #clear(): void {
    this.#found.clear();
    this.#entries = this.#bytes = 0;
  }
}
