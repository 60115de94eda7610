/** One piece of work for each key at a time: who asks for it meanwhile gets its result, too. */
export class Flights<T> {
  readonly #underWay = new Map<string, Promise<T>>();

  share(key: string, work: () => Promise<T>): Promise<T> {
    const flight =
      this.#underWay.get(key) ??
      work().finally(() => {
        this.#underWay.delete(key);
      });
    this.#underWay.set(key, flight);
    return flight;
  }
}
