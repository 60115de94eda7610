import { RegistryError } from "./errors.ts";

interface Turn {
  readonly interrupt: AbortController;
  /** Settles with the work, and never fails. */
  readonly done: Promise<unknown>;
}

/**
 * One piece of work at a time for each key, the newest first: who comes later interrupts who is there, waits until that
 * one is through, and only then begins. A client that comes back for an upload need not wait for a dead connection.
 */
export class Turns {
  readonly #latest = new Map<string, Turn>();

  /**
   * Do `work` when its turn comes. Its signal is aborted when a newer one wants the key: it may then stop early.
   * @throws RegistryError `uploadTakenOver` when a newer one came before this one began; else what `work` throws
   */
  async take<T>(key: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const older = this.#latest.get(key);
    older?.interrupt.abort(new RegistryError("uploadTakenOver"));
    const interrupt = new AbortController();
    const result = Promise.resolve(older?.done).then(() => {
      interrupt.signal.throwIfAborted();
      return work(interrupt.signal);
    });
    const turn = { interrupt, done: result.catch(() => {}) };
    this.#latest.set(key, turn);
    try {
      return await result;
    } finally {
      if (this.#latest.get(key) === turn) this.#latest.delete(key);
    }
  }
}
