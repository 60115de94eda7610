import type { Ingest } from "../blobs/blobs.ts";
import type { Upload } from "../catalog/catalog.ts";
import type { Digest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import type { RepositoryName } from "../oci/reference.ts";
import { type Chunk, takeChunk } from "./chunk.ts";
import { RegistryError, refusing } from "./errors.ts";
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
  readonly #turns = new Turns();
  readonly #idle = new Map<string, Ingest>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Open a session. `user` is undefined where nobody need log in. */
  async open(repository: RepositoryName, user: string | undefined): Promise<Upload> {
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
    const { catalog, now } = this.#store;
    await this.#inTurn(key, async (session) => {
      let size: number;
      try {
        if (chunk !== undefined && (await isRepeated(session.ingest, digest, chunk)))
          await chunk.body.cancel();
        else if (chunk !== undefined) await this.#take(session, chunk);
        size = await refusing("not_verified", "digestInvalid", () => session.ingest.commit(digest));
      } catch (error) {
        await this.#acknowledge(session);
        throw error;
      }
      const { id, repository } = session.upload;
      // The bytes are durable and the ingest holds them still, so that no collection can come in between.
      await catalog.apply({ kind: "link-blob", repository, digest, size, upload: id, at: now() });
      await session.end();
    });
  }

  /**
   * Take a whole blob at once: a session that lives no longer than this call.
   * @throws as `finish`; nothing is kept then
   */
  async receive(
    repository: RepositoryName,
    user: string | undefined,
    digest: Digest,
    chunk: Chunk | undefined,
  ): Promise<void> {
    const upload = await this.open(repository, user);
    try {
      await this.finish(upload, digest, chunk);
    } catch (error) {
      // The first error is the one to tell; a session that cannot be given up now is swept later.
      await this.cancel(upload).catch(() => {});
      throw error;
    }
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
   * bytes leaves them. Ingests are listed first: one without a row has then lost it for good.
   */
  async reap(age: number): Promise<void> {
    const { blobs, catalog, now } = this.#store;
    const changes = new Map(
      (await Array.fromAsync(blobs.ingests())).map((each) => [each.name, each.changed]),
    );
    const dead = new Set(changes.keys());
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

  /** Let go of open files. Sessions stay. */
  async close(): Promise<void> {
    const ingests = [...this.#idle.values()];
    this.#idle.clear();
    for (const ingest of ingests) await ingest.close();
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
    const ingest = await this.#store.blobs.ingest(id);
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
    return takeChunk(ingest, chunk, signal, this.#store.rules?.largestBlob, safe);
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
