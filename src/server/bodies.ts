import { RegistryError } from "../registry/errors.ts";

/** So many bytes of bodies may lie in memory at once: 64 manifests of the largest kind. */
const room = 256 * 1024 * 1024;
/** In ms: bodies end at any time, and nobody knows when. */
const wait = 5000;
/** In ms: a body that has not come by then is given up, however it drips. The largest manifest needs 14 KB a second. */
const longest = 5 * 60_000;

/** A body on its way into memory. */
export interface HeldBody {
  /** A piece came. @throws RegistryError `uploadsTooMany` when there is no room for it, `requestStalled` when it is too late */
  take(size: number): void;
  /** Its request is through. */
  free(): void;
}

/** Bodies of requests that are held in memory as a whole, manifests and such: counted as they come, or slow clients would fill it. */
export class Bodies {
  readonly #now: () => number;
  #held = 0;

  /** @param now milliseconds that only go forward */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A body begins. */
  begin(): HeldBody {
    const began = this.#now();
    let own = 0;
    return {
      take: (size) => {
        if (this.#now() - began > longest)
          throw new RegistryError("requestStalled", { message: "it took too long to come" });
        if (this.#held + size > room)
          throw new RegistryError("uploadsTooMany", {
            message: "too much is being sent just now; try again in a moment",
            retryAfter: wait,
          });
        this.#held += size;
        own += size;
      },
      free: () => {
        this.#held -= own;
        own = 0;
      },
    };
  }
}
