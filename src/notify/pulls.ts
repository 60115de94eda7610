/** Pulls are written down together, so long after the first of them, in ms, */
const delay = 1000;
/** or when so many have gathered. */
const together = 500;
/** More than this are not held while the catalog cannot take them: the oldest are lost then. */
const most = 10_000;

/**
 * Events of pulls on their way into the catalog. Nobody who pulls waits for a disk: they are gathered in memory and written
 * a second later with one sync, so that a crash may lose that second's.
 */
export class Pulls {
  readonly #write: (events: readonly string[]) => Promise<void>;
  #waiting: string[] = [];
  #writing: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** How many were lost. */
  lost = 0;

  /** @param write what it throws is no matter: the same events are given again */
  constructor(write: (events: readonly string[]) => Promise<void>) {
    this.#write = write;
  }

  /** Take an event, in JSON. */
  add(event: string): void {
    this.#waiting.push(event);
    if (this.#waiting.length === together) void this.flush();
    else this.#hold();
  }

  /** Write what has gathered, after what is being written. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeGathered());
    return this.#writing;
  }

  async #writeGathered(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const events = this.#waiting;
    this.#waiting = [];
    if (events.length === 0) return;
    try {
      await this.#write(events);
    } catch {
      this.#waiting = [...events, ...this.#waiting];
      this.#hold();
    }
  }

  #hold(): void {
    const over = this.#waiting.length - most;
    if (over > 0) {
      this.#waiting.splice(0, over);
      this.lost += over;
    }
    this.#timer ??= setTimeout(() => void this.flush(), delay);
    this.#timer.unref();
  }
}
