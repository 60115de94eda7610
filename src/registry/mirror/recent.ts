/** A few things that were learned a moment ago. */
export class Recent<T> {
  readonly #limit: number;
  readonly #age: number;
  readonly #now: () => number;
  readonly #learned = new Map<string, { readonly value: T; readonly at: number }>();

  /**
   * @param limit how many, the last ones
   * @param age how long each counts, in ms
   * @param now ms since 1970
   */
  constructor(limit: number, age: number, now: () => number) {
    this.#limit = limit;
    this.#age = age;
    this.#now = now;
  }

  get(key: string): T | undefined {
    const found = this.#learned.get(key);
    return found !== undefined && this.#now() - found.at < this.#age ? found.value : undefined;
  }

  set(key: string, value: T): void {
    this.#learned.delete(key);
    this.#learned.set(key, { value, at: this.#now() });
    const [oldest] = this.#learned.keys();
    if (this.#learned.size > this.#limit && oldest !== undefined) this.#learned.delete(oldest);
  }
}
