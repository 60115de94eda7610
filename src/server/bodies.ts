import { RegistryError } from "../registry/errors.ts";

/** So many bytes of bodies may lie in memory at once: 64 manifests of the largest kind. */
const room = 256 * 1024 * 1024;
/** In ms: bodies end at any time, and nobody knows when. */
const wait = 5000;

/** Bodies of requests that are held in memory as a whole, manifests and such: counted as they come, or slow clients would fill it. */
export class Bodies {
  #held = 0;

  /** A piece came. @throws RegistryError `uploadsTooMany` when there is no room for it */
  take(size: number): void {
    if (this.#held + size > room)
      throw new RegistryError("uploadsTooMany", {
        message: "too much is being sent just now; try again in a moment",
        retryAfter: wait,
      });
    this.#held += size;
  }

  /** A request is through that had brought so many bytes. */
  free(size: number): void {
    this.#held -= size;
  }
}
