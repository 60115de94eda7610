import type { Committing, Ingest } from "../blobs/blobs.ts";
import type { Upload } from "../catalog/catalog.ts";
import type { Digest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import type { RepositoryName } from "../oci/reference.ts";
import { Burials } from "./burials.ts";
import { type Chunk, refuseLarger, type SmallBody, takeChunk } from "./chunk.ts";
import { RegistryError } from "./errors.ts";
import { type BlobToLink, linkBlob } from "./linkBlob.ts";
import { everyItem } from "./pages.ts";
import type { Store } from "./store.ts";
import { Turns } from "./turns.ts";

/** A session as a request names it: it answers only in its repository and to its user. */
export type UploadKey = Pick<Upload, "id" | "repository" | "user">;

/** A session while somebody is at it. */
interface Session {
  readonly upload: Upload;
  readonly ingest: Ingest;
  /** Aborted when somebody newer wants the session. */
  readonly signal: AbortSignal;
  /** Free the bytes: the session is over. */
  end(): Promise<void>;
}

/** So many ingests stay open between requests, with their running hash: without it a finish reads everything again. */
const idleLimit = 64;

/**
 * Upload sessions. A session outlives its connection and its process: what was synced is kept, the session says how far
 * it got, and who comes later for it goes before who is at it (`Turns`). Its row says whose it is and what was
 * acknowledged; its bytes are the ingest of the same name. Only an id that has a row ever becomes an ingest's name.
 */
export class Uploads {
  readonly #store: Store;
  readonly #burials: Burials;
  readonly #isMirror: (repository: RepositoryName) => boolean;
  readonly #turns = new Turns();
  readonly #idle = new Map<string, Ingest>();
  /** Ingests of blobs that come whole, without a session. */
  readonly #receiving = new Set<string>();

  /**
   * @param burials those of the store's collector, where it has one
   * @param isMirror whether a repository is another's mirror, and takes no uploads
   */
  constructor(
    store: Store,
    burials: Burials = new Burials(store),
    isMirror: (repository: RepositoryName) => boolean = () => false,
  ) {
    this.#store = store;
    this.#burials = burials;
    this.#isMirror = isMirror;
  }

  /** Open a session. `user` is undefined where nobody need log in. @throws RegistryError `mirrored` */
  async open(repository: RepositoryName, user: string | undefined): Promise<Upload> {
    this.#refuseMirror(repository);
    const upload = { id: crypto.randomUUID(), repository, user, offset: 0, started: this.#store.now() };
    const { id, started } = upload;
    await this.#store.catalog.apply({ kind: "open-upload", id, repository, user, at: started });
    return upload;
  }

  /**
   * A session, and how much of it is safe. Disturbs nobody who is at it.
   * @throws RegistryError `uploadUnknown` when there is none, or it is another repository's or user's
   */
  async find({ id, repository, user }: UploadKey): Promise<Upload> {
    const upload = await this.#store.catalog.upload(id);
    if (upload?.repository === repository && upload.user === user) return upload;
    throw new RegistryError("uploadUnknown", { details: [{ id }] });
  }

  /**
   * Put a chunk at the end of a session. When the body breaks off, what came is kept, and its error thrown.
   * @returns where the session ends now, in bytes
   * @throws OutOfOrder when the chunk begins elsewhere; RegistryError `uploadUnknown`, `uploadTakenOver`, `sizeInvalid`
   */
  async append(key: UploadKey, chunk: Chunk): Promise<number> {
    return this.#inTurn(key, async (session) => {
      try {
        await this.#take(session, chunk);
      } finally {
        await this.#acknowledge(session);
      }
      return session.ingest.offset;
    });
  }

  /**
   * Take a last chunk, if there is one, and make of the session the blob `digest` of its repository. When anything goes
   * wrong the session stays, with all that came.
   * @throws as `append`; RegistryError `digestInvalid` when the bytes have another digest
   */
  async finish(key: UploadKey, digest: Digest, chunk: Chunk | undefined): Promise<void> {
    await this.#inTurn(key, async (session) => {
      const { upload, ingest } = session;
      try {
        if (chunk !== undefined && (await isRepeated(ingest, digest, chunk))) await chunk.body.cancel();
        else if (chunk !== undefined) await this.#take(session, chunk);
        const blob = { repository: upload.repository, digest, upload: upload.id };
        await this.#link(blob, () => ingest.commit(digest));
      } catch (error) {
        // The first error is the one to tell.
        await this.#acknowledge(session).catch(() => {});
        throw error;
      }
      await session.end();
    });
  }

  /**
   * Take a whole blob at once. There is no session, so no row before its own: its bytes are this call's alone, and nothing is
   * kept when anything goes wrong.
   * @throws RegistryError `mirrored`, `sizeInvalid`, `digestInvalid` when the bytes have another digest
   */
  async receive(repository: RepositoryName, digest: Digest, chunk: Chunk | undefined): Promise<void> {
    const { blobs, rules } = this.#store;
    const { signal } = new AbortController();
    const open = (name: string) => blobs.ingest(name, { brief: true });
    await this.#whole({ repository, digest }, open, async (ingest) => {
      if (chunk !== undefined) await takeChunk(ingest, chunk, signal, async () => {}, rules?.largestBlob);
    });
  }

  /**
   * As `receive`, of a blob that fits into memory: it takes half of the disk's calls.
   * @throws RegistryError `mirrored`, `blobTooLarge` before anything is read, `digestInvalid`
   */
  async receiveSmall(repository: RepositoryName, digest: Digest, { size, read }: SmallBody): Promise<void> {
    const { blobs, rules } = this.#store;
    refuseLarger(size, rules?.largestBlob);
    await this.#whole({ repository, digest }, async (name) => blobs.smallIngest(name, await read()));
  }

  /**
   * Give a session up, with all that came.
   * @throws RegistryError `uploadUnknown`, `uploadTakenOver`
   */
  async cancel(key: UploadKey): Promise<void> {
    await this.#inTurn(key, async ({ upload, end }) => {
      await this.#store.catalog.apply({ kind: "close-upload", id: upload.id });
      await end();
    });
  }

  /**
   * Give up sessions that nobody touched for `age` ms, and free bytes whose session is gone, as a crash between row and
   * bytes leaves them. Ingests are listed first: one without a row, that no request is just filling, has then lost it for good.
   */
  async reap(age: number): Promise<void> {
    const { blobs, catalog, now } = this.#store;
    const changes = new Map(
      (await Array.fromAsync(blobs.ingests())).map((each) => [each.name, each.changed]),
    );
    const dead = new Set(changes.keys()).difference(this.#receiving);
    const uploads = everyItem<Upload, string>(
      (after) => catalog.uploads({ after, limit: 100 }),
      ({ id }) => id,
    );
    for await (const { id, started } of uploads) {
      if ((changes.get(id) ?? started) >= now() - age) dead.delete(id);
      else dead.add(id);
    }
    for (const id of dead)
      await this.#turns.take(id, async () => {
        await catalog.apply({ kind: "close-upload", id });
        await (this.#takeIdle(id) ?? (await blobs.ingest(id))).discard();
      });
  }

  /** Let go of open files: of all, whichever cannot be closed. Sessions stay. @throws node's error */
  async close(): Promise<void> {
    const closing = [...this.#idle.values()].map((ingest) => ingest.close());
    this.#idle.clear();
    await Promise.allSettled(closing);
    await Promise.all(closing);
  }

  /**
   * Publish a blob that comes without a session by an ingest of its own. That stays until the blob has its row: so a check knows
   * that it is on its way in.
   */
  async #whole<Opened extends Committing>(
    blob: BlobToLink,
    open: (name: string) => Promise<Opened>,
    fill: (ingest: Opened) => Promise<void> = async () => {},
  ): Promise<void> {
    this.#refuseMirror(blob.repository);
    const name = crypto.randomUUID();
    this.#receiving.add(name);
    try {
      const ingest = await open(name);
      try {
        await fill(ingest);
        await this.#link(blob, () => ingest.commit(blob.digest));
      } finally {
        // What cannot be taken away now is swept later, as what a crash leaves is.
        await ingest.discard().catch(() => {});
      }
    } finally {
      this.#receiving.delete(name);
    }
  }

  #link(blob: BlobToLink, publish: () => Promise<number>): Promise<void> {
    return linkBlob(this.#store, this.#burials, blob, publish);
  }

  #refuseMirror(repository: RepositoryName): void {
    if (this.#isMirror(repository)) throw new RegistryError("mirrored");
  }

  /** Do `work` at a session, alone. */
  async #inTurn<T>(key: UploadKey, work: (session: Session) => Promise<T>): Promise<T> {
    // Asked twice: a stranger must not interrupt the owner, and who was there before may have ended the session.
    await this.find(key);
    return this.#turns.take(key.id, async (signal) => {
      const upload = await this.find(key);
      const ingest = await this.#open(upload);
      let over = false;
      const end = async () => {
        over = true;
        await ingest.discard();
      };
      try {
        return await work({ upload, ingest, signal, end });
      } finally {
        if (!over) await this.#keepIdle(upload.id, ingest);
      }
    });
  }

  /** A session's ingest, cut back to what was acknowledged: after a crash there may be more than was ever synced. */
  async #open({ id, offset }: Upload): Promise<Ingest> {
    const idle = this.#takeIdle(id);
    if (idle !== undefined) return idle;
    const ingest = await this.#store.blobs.ingest(id, { safe: offset });
    if (ingest.offset > offset) await ingest.truncate(offset);
    return ingest;
  }

  #takeIdle(id: string): Ingest | undefined {
    const ingest = this.#idle.get(id);
    this.#idle.delete(id);
    return ingest;
  }

  /** Keep an ingest open; the one that lay idle longest makes room. */
  async #keepIdle(id: string, ingest: Ingest): Promise<void> {
    this.#idle.set(id, ingest);
    const [oldest] = this.#idle.keys();
    if (this.#idle.size > idleLimit && oldest !== undefined) await this.#takeIdle(oldest)?.close();
  }

  /**
   * A chunk's bytes are acknowledged while they come, as soon as they are on the disk: a session whose process is killed,
   * or whose machine loses power, goes on a moment behind where it was.
   */
  #take({ upload, ingest, signal }: Session, chunk: Chunk): Promise<void> {
    // A catalog that is too busy just now is told with the next bytes, or at the end.
    const safe = (offset: number) =>
      this.#store.catalog.apply({ kind: "advance-upload", id: upload.id, offset }).then(
        () => {},
        () => {},
      );
    return takeChunk(ingest, chunk, signal, safe, this.#store.rules?.largestBlob);
  }

  async #acknowledge({ upload, ingest }: Session): Promise<void> {
    if (ingest.offset === upload.offset) return;
    await this.#store.catalog.apply({ kind: "advance-upload", id: upload.id, offset: ingest.offset });
  }
}

/**
 * Whether a last chunk that says no place brings again what made the session whole before: whoever was told that the catalog
 * is busy sends the same request once more, and its bytes must not come behind themselves.
 */
const isRepeated = async (ingest: Ingest, digest: Digest, { start }: Chunk): Promise<boolean> =>
  start === undefined &&
  ingest.offset > 0 &&
  ingest.commit(digest).then(
    () => true,
    (error: unknown) => {
      if (error instanceof ChartroomError && error.code === "not_verified") return false;
      throw error;
    },
  );
