import { HttpError, type HttpReason } from "../http/errors.ts";
import { backOff } from "../http/retry.ts";
import { ChartroomError } from "../oci/errors.ts";

/** Faults one after the other, without a byte between them, until a transfer is given up: with the waits, half a minute. */
const faultsLimit = 7;

/** Faults of the way, or of a server that restarts; a certificate or a proxy does not mend itself. */
const passing = new Set<HttpReason>(["dropped", "timeout", "refused", "unreachable", "unresolved"]);

/** Whether a transfer that failed like this may go on in a while. */
export const mayPass = (error: unknown): boolean =>
  error instanceof ChartroomError
    ? error.code === "busy"
    : error instanceof HttpError && passing.has(error.reason);

/** One transfer's patience with the other side: it waits longer after each fault, and begins anew with each progress. */
export class Patience {
  readonly #sleep: (ms: number) => Promise<void>;
  #faults = 0;

  /** @param sleep waits so many ms, and fails when the user stops it */
  constructor(sleep: (ms: number) => Promise<void>) {
    this.#sleep = sleep;
  }

  /**
   * Wait before the next try.
   * @throws `fault` when there have been too many
   */
  async wait(fault: unknown): Promise<void> {
    if (++this.#faults > faultsLimit) throw fault;
    await this.#sleep(backOff(this.#faults));
  }

  /** Bytes moved: all faults are forgiven. */
  renew(): void {
    this.#faults = 0;
  }
}
