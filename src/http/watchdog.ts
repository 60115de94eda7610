import { HttpError } from "./errors.ts";

/** Times in ms after which a request is given up. */
export interface Timeouts {
  /** From sending until the answer's headers, for a request whose body is small or none. */
  readonly answer: number;
  /** Without one byte of a body going out, or a KiB of one coming in. */
  readonly stall: number;
  /** From the last byte of a large body until the answer: the server may hash it all, or copy it to its place. */
  readonly settle: number;
}

/** Aborts one request when what it waits for takes too long, or when the user stops it. */
export class Watchdog {
  readonly #controller = new AbortController();
  readonly #host: string;
  readonly #outer: AbortSignal | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: string, outer: AbortSignal | undefined) {
    this.#host = host;
    this.#outer = outer;
    outer?.addEventListener("abort", this.#stop);
    if (outer?.aborted) this.#stop();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * From now on, wait for `what` at most `ms`. Takes the place of what was waited for before.
   * @param told in ms, what is said of it, where some of the time is gone
   */
  expect(what: string, ms: number, told = ms): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const message = `Cannot reach ${this.#host}: timed out, no ${what} within ${told / 1000} s`;
      const hint = "Check the network and the server, and run it again.";
      this.#controller.abort(new HttpError("timeout", message, { hint }));
    }, ms);
  }

  /** Wait for nothing: it is our own turn. */
  rest(): void {
    clearTimeout(this.#timer);
  }

  /** The request is over. */
  done(): void {
    this.rest();
    this.#outer?.removeEventListener("abort", this.#stop);
  }

  readonly #stop = (): void => this.#controller.abort(this.#outer?.reason);
}

/** Bytes that a body must bring to be waited for anew: a byte a second would be waited for without an end. */
const leastProgress = 1024;

/** How long a body's next piece may be waited for: so long in all until a KiB has come, however little each wait brings. */
export class Pace {
  readonly #stall: number;
  #left: number;
  #bytes = 0;
  #asked = 0;

  /** @param stall in ms */
  constructor(stall: number) {
    this.#stall = stall;
    this.#left = stall;
  }

  /** A piece is asked for. @returns in ms, how long it may take */
  asked(): number {
    this.#asked = performance.now();
    return Math.max(this.#left, 0);
  }

  /** It is there, with so many bytes. */
  came(bytes: number): void {
    this.#left -= performance.now() - this.#asked;
    this.#bytes += bytes;
    if (this.#bytes < leastProgress) return;
    this.#bytes = 0;
    this.#left = this.#stall;
  }
}
