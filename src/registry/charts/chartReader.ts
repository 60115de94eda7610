import { partLimits } from "../../chart/archive/limits.ts";
import type { ChartFacts, ReadFacts, Unreadable } from "../../chart/facts.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Store } from "../store.ts";

/** Archives asked for at once. */
const pageSize = 16;
/** So long, in ms, an archive that is being read holds up the end of everything. */
const lastWait = 1000;
/** A process may die while it reads an archive without being to blame; so often it is no accident. */
const attemptLimit = 3;

/**
 * Reads each chart's archive once, one at a time, behind the pushes: none waits for it, and none fails with it. What is to
 * be read stands in the catalog since the push's own command, so what a crash leaves is read after the next start. An
 * archive that cannot be read is marked so, and never opened again.
 */
export class ChartReader {
  readonly #store: Pick<Store, "blobs" | "catalog">;
  readonly #read: ReadFacts;
  readonly #urgent = new Map<Digest, PromiseWithResolvers<void>>();
  #report: (error: unknown) => void = () => {};
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(store: Pick<Store, "blobs" | "catalog">, read: ReadFacts) {
    this.#store = store;
    this.#read = read;
  }

  /** @param report is told what goes wrong; what could not be read is tried again with the next `wake` */
  reportTo(report: (error: unknown) => void): void {
    this.#report = report;
  }

  /** There may be something to read. */
  wake(): void {
    if (this.#closed) return;
    this.#running ??= this.#run();
  }

  /** Read these before all others, and wait until they are, at most `ms`. */
  async hurry(contents: readonly Digest[], ms: number): Promise<void> {
    if (contents.length === 0) return;
    const waits = contents.map((content) => {
      const wait = this.#urgent.get(content) ?? Promise.withResolvers<void>();
      this.#urgent.set(content, wait);
      return wait.promise;
    });
    this.wake();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([Promise.all(waits), late]);
    clearTimeout(timer);
  }

  /** End after the archive that is being read; one that takes long is read again after the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, lastWait);
    });
    await Promise.race([this.#running, late]);
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    try {
      await this.#work();
    } catch (error) {
      // What fails because everything ends is no news.
      if (!this.#closed) this.#report(error);
    } finally {
      this.#running = undefined;
      for (const { resolve } of this.#urgent.values()) resolve();
      this.#urgent.clear();
    }
  }

  async #work(): Promise<void> {
    /** What could not be had from the disk: it holds up nothing behind it, and is tried again in the next run. */
    const failed = new Set<Digest>();
    for (;;) {
      const unread = await this.#store.catalog.unreadCharts(pageSize + failed.size);
      const contents = unread.filter((content) => !failed.has(content));
      if (contents.length === 0 || this.#closed) return;
      for (const content of contents) {
        await this.#readUrgent(failed);
        if (this.#closed) return;
        await this.#readOne(content, failed);
      }
    }
  }

  async #readUrgent(failed: Set<Digest>): Promise<void> {
    for (;;) {
      const [content] = this.#urgent.keys();
      if (content === undefined || this.#closed) return;
      await this.#readOne(content, failed);
    }
  }

  async #readOne(content: Digest, failed: Set<Digest>): Promise<void> {
    try {
      // Before the attempt is counted: what a disk fails with is no archive's fault.
      const archive = await this.#archive(content);
      await this.#attempt(content, archive);
    } catch (error) {
      failed.add(content);
      if (failed.size === pageSize || this.#closed) throw error;
      this.#report(error);
    }
    this.#urgent.get(content)?.resolve();
    this.#urgent.delete(content);
  }

  async #attempt(content: Digest, archive: Uint8Array | Unreadable | undefined): Promise<void> {
    const { catalog } = this.#store;
    const { attempts } = await catalog.apply({ kind: "begin-facts", content });
    if (attempts > attemptLimit)
      await this.#put(content, { unreadable: `the registry ended ${attemptLimit} times while it was read` });
    else if (attempts > 0 && archive === undefined) await catalog.apply({ kind: "drop-unread", content });
    else if (attempts > 0 && archive !== undefined)
      await this.#put(content, archive instanceof Uint8Array ? await this.#read(archive) : archive);
  }

  /** An archive's bytes, or why it is not opened; undefined where there is none. */
  async #archive(content: Digest): Promise<Uint8Array | Unreadable | undefined> {
    const { blobs } = this.#store;
    const size = (await blobs.stat(content)) ?? 0;
    if (size > partLimits.content)
      return {
        unreadable: `it has ${size} bytes, and ${partLimits.content} are the most that a chart's has`,
      };
    return blobs.bytes(content, size);
  }

  async #put(content: Digest, facts: ChartFacts | Unreadable): Promise<void> {
    await this.#store.catalog.apply({ kind: "put-facts", content, facts });
  }
}
