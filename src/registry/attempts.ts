import { Buckets } from "./buckets.ts";
import { RegistryError } from "./errors.ts";
import { networkOf } from "./network.ts";

/**
 * How often one address may try a wrong password. Each try costs a hash that is made to be slow: without a limit, guessing
 * takes the processor from everybody, besides finding passwords some day.
 */
export class Attempts {
  readonly #buckets: Buckets;

  /** @param perMinute that many at once, too @param now milliseconds that only go forward */
  constructor(perMinute: number, now: () => number) {
    this.#buckets = new Buckets({ perSecond: perMinute / 60, burst: perMinute }, now);
  }

  /**
   * Try a password; it counts unless it was right, from the beginning on, so that many at once are no way around.
   * @param from the address; undefined where there is none, which is not limited
   * @throws RegistryError `requestsTooMany` without trying
   */
  async count(from: string | undefined, attempt: () => Promise<boolean>): Promise<boolean> {
    if (from === undefined) return attempt();
    const network = networkOf(from);
    const wait = this.#buckets.take(network);
    if (wait > 0)
      throw new RegistryError("requestsTooMany", {
        message: "too many logins failed; try again in a moment",
        retryAfter: wait,
      });
    const passed = await attempt();
    if (passed) this.#buckets.giveBack(network);
    return passed;
  }
}
