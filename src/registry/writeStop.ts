import { type Catalog, CatalogFailed } from "../catalog/catalog.ts";
import { cannotSync } from "../files/durable.ts";
import { errorCode, type FileSystem, type OpenFile } from "../files/filesystem.ts";
import { ChartroomError } from "../oci/errors.ts";
import { replacing } from "./replacing.ts";

/** Nothing is written any more, because a sync failed. */
export class WritesStopped extends ChartroomError {
  constructor(cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super("storage", `Nothing is written until chartroom is started again, since the disk failed: ${why}`, {
      hint: "Look after the disk, then start chartroom again. What is there can be read meanwhile.",
      cause,
    });
  }
}

/**
 * Ends all writing at the first sync that fails, of a blob, a directory or the catalog, until the process is started anew.
 * The kernel may call clean what it could not write, and the next sync, of whoever else wrote there, succeeds without it
 * (lwn.net/Articles/752063): so from then on no sync is believed, and nothing is acknowledged. Reads go on.
 */
export class WriteStop {
  readonly #tell: (stopped: WritesStopped) => void;
  #stopped: WritesStopped | undefined;

  /** @param tell is told once, when writing ends */
  constructor(tell: (stopped: WritesStopped) => void) {
    this.#tell = tell;
  }

  /** @throws WritesStopped once a sync has failed */
  check(): void {
    if (this.#stopped !== undefined) throw this.#stopped;
  }

  /** A file system that ends writing when a sync in it fails, and neither writes, syncs nor removes after that. */
  files(fs: FileSystem): FileSystem {
    return replacing(fs, {
      open: async (path, flags, mode) => this.#file(await fs.open(path, flags, mode)),
      unlink: async (path) => {
        this.check();
        return fs.unlink(path);
      },
    });
  }

  /** A catalog that ends writing when its disk fails, and takes no command after that. */
  catalog(catalog: Catalog): Catalog {
    return replacing(catalog, {
      apply: async (command) => {
        this.check();
        try {
          return await catalog.apply(command);
        } catch (error) {
          if (error instanceof CatalogFailed) this.#stop(error);
          throw error;
        }
      },
    });
  }

  #file(file: OpenFile): OpenFile {
    const synced = async (sync: () => Promise<void>) => {
      this.check();
      try {
        await sync();
      } catch (error) {
        // A system that cannot sync such a thing has lost nothing by it.
        if (!cannotSync.has(errorCode(error) ?? "")) this.#stop(error);
        throw error;
      }
    };
    return replacing(file, {
      writev: async (buffers, position) => {
        this.check();
        return file.writev(buffers, position);
      },
      sync: () => synced(() => file.sync()),
      datasync: () => synced(() => file.datasync()),
    });
  }

  #stop(cause: unknown): never {
    if (this.#stopped === undefined) {
      this.#stopped = new WritesStopped(cause);
      this.#tell(this.#stopped);
    }
    throw this.#stopped;
  }
}
