import { type Catalog, CatalogFull } from "../catalog/catalog.ts";
import type { Command } from "../catalog/command.ts";
import { writeAll } from "../files/durable.ts";
import { errorCode, type FileSystem, ifThere } from "../files/filesystem.ts";
import { replacing } from "./replacing.ts";

/** In bytes; room for some hundred deletes, each of which takes a few pages of the catalog's log. */
const size = 4 * 1024 * 1024;
/** So many bytes at random are given at once (Web Cryptography API, `getRandomValues`). */
const piece = 64 * 1024;

/** Commands that take rows away: what ends a full disk must not fail for want of room, nor a start on one. */
const freeing: ReadonlySet<Command["kind"]> = new Set([
  "untag",
  "delete-manifest",
  "unlink-blob",
  "collect-blob",
  "doom",
  "bury",
  "close-upload",
  "open-endpoints",
  "advance-endpoint",
]);

/** Whether something failed since the disk is full, or what its user may have of it. */
export const lacksRoom = (error: unknown): boolean =>
  error instanceof CatalogFull || errorCode(error) === "ENOSPC" || errorCode(error) === "EDQUOT";

/**
 * A file that does nothing but take room. When the catalog's disk is full it is given up for deletes, and until there is room
 * for it again nothing that grows is taken, so that its room goes to nobody else.
 */
export class Reserve {
  readonly #fs: FileSystem;
  readonly #path: string;
  /** Whether the room is taken; what is asked one after the other. */
  #held: Promise<boolean> = Promise.resolve(false);

  constructor(fs: FileSystem, path: string) {
    this.#fs = fs;
    this.#path = path;
  }

  /** A catalog that takes deletes on a full disk. What its `apply` throws is that of `catalog`, and node's errors. */
  catalog(catalog: Catalog): Catalog {
    return replacing(catalog, {
      apply: async (command) => {
        if (!freeing.has(command.kind)) {
          if (await this.#hold()) return catalog.apply(command);
          throw new CatalogFull("storage", "Cannot write to the catalog: the disk is full", {
            hint: "Free some space; nothing was lost, and deletes are still taken.",
          });
        }
        try {
          return await catalog.apply(command);
        } catch (error) {
          if (!(error instanceof CatalogFull)) throw error;
          await this.#giveUp();
          return catalog.apply(command);
        }
      },
    });
  }

  /** Take the room, if it is not taken. Gives whether there was room. */
  #hold(): Promise<boolean> {
    this.#held = this.#held.catch(() => false).then((held) => held || this.#fill());
    return this.#held;
  }

  async #giveUp(): Promise<void> {
    this.#held = this.#held
      .catch(() => false)
      .then(async () => {
        await this.#fs.rm(this.#path, { force: true });
        return false;
      });
    await this.#held;
  }

  async #fill(): Promise<boolean> {
    if ((await ifThere(this.#fs.stat(this.#path)))?.size === size) return true;
    try {
      const file = await this.#fs.open(this.#path, "w", 0o600);
      try {
        // Nothing that a file system could make smaller. One piece at a time: all of them at once were 4 MiB that lay in
        // memory until garbage was collected.
        const bytes = new Uint8Array(piece);
        for (let at = 0; at < size; at += piece) await writeAll(file, [crypto.getRandomValues(bytes)], at);
      } finally {
        await file.close();
      }
      return true;
    } catch (error) {
      await this.#fs.rm(this.#path, { force: true });
      if (lacksRoom(error)) return false;
      throw error;
    }
  }
}
