/** A manifest's digest, or undefined where a name may be gone. */
export type Held = string | undefined;

/**
 * What names may hold after commands of which some were killed: one that was answered has decided its name, one that was
 * not may have done its work or not.
 */
export class Ledger {
  readonly #names = new Map<string, Set<Held>>();

  /** A command was answered: the name holds this and nothing else. */
  settle(name: string, held: Held): void {
    this.#names.set(name, new Set([held]));
  }

  /** A command was killed, or others work on the same name: it may hold this too. */
  allow(name: string, held: Held): void {
    this.#names.set(name, new Set([...this.possible(name), held]));
  }

  /** All that a name may hold; of one that nobody touched, nothing. */
  possible(name: string): ReadonlySet<Held> {
    return this.#names.get(name) ?? new Set([undefined]);
  }

  /** What a name holds for certain; undefined when it is gone or not known. */
  certain(name: string): Held {
    const possible = [...this.possible(name)];
    return possible.length === 1 ? possible[0] : undefined;
  }

  /** Every name that is there for certain, with what it holds. */
  settled(): [name: string, held: string][] {
    return [...this.#names.keys()].flatMap((name) => {
      const held = this.certain(name);
      return held === undefined ? [] : [[name, held] as [string, string]];
    });
  }

  /** A sentence for each name that holds what it cannot hold. */
  faults(place: string, held: ReadonlyMap<string, string>): string[] {
    const names = new Set([...this.#names.keys(), ...held.keys()]);
    return [...names]
      .filter((name) => !this.possible(name).has(held.get(name)))
      .map(
        (name) =>
          `${place}: ${name} holds ${held.get(name) ?? "nothing"}, expected ${[...this.possible(name)].map((each) => each ?? "nothing").join(" or ")}`,
      );
  }
}
