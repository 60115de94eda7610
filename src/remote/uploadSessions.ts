import { join } from "node:path";
import { makeDirectory, replaceFile } from "../files/durable.ts";
import { type FileSystem, ifThere } from "../files/filesystem.ts";
import { acquire, type Lock } from "../files/lock.ts";
import { type Digest, digestOf, hexOf } from "../oci/digest.ts";
import { jsonBytes, parseJsonObject } from "../oci/json.ts";
import type { RegistryHost, RepositoryName } from "../oci/reference.ts";
import { tryLocation } from "./uploadLocation.ts";

/** What is uploaded where. */
export interface UploadTarget {
  readonly registry: RegistryHost;
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

/** An upload's session while one process has it to itself. */
export interface RememberedUpload {
  /** Where an earlier process left it; undefined when there is nothing to go on with. */
  readonly location: URL | undefined;
  /** Remember that it goes on there. */
  keep(location: URL): Promise<void>;
  /** Nobody need go on with it. */
  forget(): Promise<void>;
  /** Let others have it. */
  release(): void;
}

/** Registries forget sessions by themselves, Distribution and we after a week: none is remembered longer, in ms. */
const expiry = 7 * 24 * 3600_000;

/**
 * Sessions of uploads that were not brought to their end, so that the next process goes on with them: a small file each,
 * its owner's alone (0600), since a `Location` may be sealed by the registry, and whoever has it may write there. A lock
 * beside the file says that a process is at it. It is all a convenience: no failure in here ever fails a push.
 */
export class UploadSessions {
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #now: () => number;

  /**
   * @param directory is made when first needed
   * @param now ms since 1970
   */
  constructor(fs: FileSystem, directory: string, now: () => number) {
    this.#fs = fs;
    this.#directory = directory;
    this.#now = now;
  }

  /** Take a target's session. Gives undefined when another process is at it, or nothing can be remembered here. */
  async claim(target: UploadTarget): Promise<RememberedUpload | undefined> {
    const path = join(this.#directory, `${keyOf(target)}.json`);
    let lock: Lock;
    try {
      await makeDirectory(this.#fs, this.#directory);
      await this.#sweep();
      lock = await acquire(`${path}.lock`, "turn", { wait: 0 });
    } catch {
      return undefined;
    }
    return {
      location: await this.#read(path, target),
      keep: (location) => quietly(this.#write(path, target, location)),
      forget: () => quietly(this.#remove(path)),
      release: () => lock.release(),
    };
  }

  async #read(path: string, target: UploadTarget): Promise<URL | undefined> {
    try {
      const kept = parseJsonObject(await this.#fs.readFile(path), path);
      const same = Object.entries(target).every(([name, value]) => kept[name] === value);
      return same && typeof kept.location === "string" ? tryLocation(kept.location) : undefined;
    } catch {
      return undefined; // none, or none that can be read: it is replaced by the next
    }
  }

  async #write(path: string, target: UploadTarget, location: URL): Promise<void> {
    // Whoever writes here holds the lock: what stands under this name was left by a process that was killed.
    const temporary = `${path}.new`;
    await this.#fs.rm(temporary, { force: true });
    const bytes = jsonBytes({ ...target, location: location.href });
    await replaceFile(this.#fs, path, bytes, { mode: 0o600, temporary });
  }

  /** The lock's file goes last: who still waits at it finds no session any more. */
  async #remove(path: string): Promise<void> {
    await this.#fs.rm(path, { force: true });
    await this.#fs.rm(`${path}.lock`, { force: true });
  }

  /** Take away what is too old to be of use. */
  async #sweep(): Promise<void> {
    for (const { name } of await this.#fs.readdir(this.#directory, { withFileTypes: true })) {
      const path = join(this.#directory, name);
      const stats = await ifThere(this.#fs.stat(path));
      if (stats !== undefined && stats.mtimeMs < this.#now() - expiry)
        await this.#fs.rm(path, { force: true });
    }
  }
}

/** A target as a file name. */
const keyOf = ({ registry, repository, digest }: UploadTarget): string =>
  hexOf(digestOf(new TextEncoder().encode(`${registry}/${repository}@${digest}`)));

const quietly = (work: Promise<void>): Promise<void> => work.catch(() => {});
