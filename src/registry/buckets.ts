/** How often something may be done: so often a second in the long run, and so often at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** So many are remembered; whoever was not here for longest is forgotten, and begins anew. */
const most = 10_000;

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Token buckets: a name may do something as long as its bucket holds a token, and tokens come back at a steady rate. Their
 * number is bounded, so that nobody fills the memory with names.
 */
export class Buckets {
  readonly #rate: Rate;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param now milliseconds that only go forward */
  constructor(rate: Rate, now: () => number) {
    this.#rate = rate;
    this.#now = now;
  }

  /** Take a token of a name. Gives 0, or in how many ms there will be one. */
  take(name: string): number {
    const { perSecond, burst } = this.#rate;
    const now = this.#now();
    const known = this.#buckets.get(name) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, known.tokens + ((now - known.at) / 1000) * perSecond);
    const taken = tokens >= 1;
    this.#keep(name, { tokens: taken ? tokens - 1 : tokens, at: now });
    return taken ? 0 : ((1 - tokens) / perSecond) * 1000;
  }

  /** Put a token back that was not needed. */
  giveBack(name: string): void {
    const bucket = this.#buckets.get(name);
    if (bucket !== undefined) bucket.tokens = Math.min(this.#rate.burst, bucket.tokens + 1);
  }

  /** How many names are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  #keep(name: string, bucket: Bucket): void {
    // Behind all others: the first is who was not here for longest.
    this.#buckets.delete(name);
    this.#buckets.set(name, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > most && oldest !== undefined) this.#buckets.delete(oldest);
  }
}
