interface Round {
  readonly done: Promise<void>;
  /** The round of all who came since this one began. */
  next?: Promise<void>;
}

/**
 * Work that does for many what it does for one, as a directory's sync: a round of it serves all who came before it began. Who
 * comes later may have been missed, and waits for the next round, together with all others who do. Each key has its own.
 */
export class Rounds {
  readonly #underWay = new Map<string, Round>();

  /**
   * Wait for a round of `work` that begins now or later.
   * @throws what `work` throws, to each who waits for that round, and to nobody else
   */
  wait(key: string, work: () => Promise<void>): Promise<void> {
    const round = this.#underWay.get(key);
    if (round === undefined) return this.#begin(key, work);
    const begin = () => this.#begin(key, work);
    round.next ??= round.done.then(begin, begin);
    return round.next;
  }

  #begin(key: string, work: () => Promise<void>): Promise<void> {
    const round: Round = { done: work() };
    this.#underWay.set(key, round);
    const end = () => {
      if (round.next === undefined) this.#underWay.delete(key);
    };
    round.done.then(end, end);
    return round.done;
  }
}
