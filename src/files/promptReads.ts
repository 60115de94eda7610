/** A read that took longer, in ms, waited for a disk: a MiB out of the kernel's memory takes 0.3. */
const prompt = 1;
/** Reads by way of a thread after one that waited, and after each next one that does: a disk that reads ahead gives 32 between two. */
const fewest = 64;
const growth = 4;
const most = 4096;

/**
 * Reads here and now, as long as they find their bytes in the kernel's memory: by way of a thread a small one costs half as much again,
 * and a large one is copied on by a core that has not seen it. While one waits for a disk, everybody does; so after such a one the
 * next go by threads, until it is tried again (docs/decisions/0037-what-memory-has-is-read-at-once.md).
 */
export class PromptReads {
  readonly #now: () => number;
  /** Reads that still go by threads, */
  #byThread = 0;
  /** those that will after the next that waits, */
  #penalty = fewest;
  /** and those that were prompt since the last. */
  #prompt = 0;

  /** @param now milliseconds that only go forward */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @returns what either gives. @throws what it throws */
  async read<T>(here: () => T, byThread: () => Promise<T>): Promise<T> {
    if (this.#byThread > 0) {
      this.#byThread--;
      return byThread();
    }
    const began = this.#now();
    try {
      return here();
    } finally {
      this.#learn(this.#now() - began);
    }
  }

  #learn(took: number): void {
    if (took < prompt) {
      this.#prompt++;
      if (this.#prompt === this.#penalty) this.#penalty = fewest;
      return;
    }
    this.#prompt = 0;
    this.#byThread = this.#penalty;
    this.#penalty = Math.min(this.#penalty * growth, most);
  }
}
