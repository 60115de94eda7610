import { setImmediate as turn } from "node:timers/promises";
import { blobOf } from "../../../src/testing/artifacts.ts";
import type { FileRegistry } from "../../../src/testing/fileRegistry.ts";
import { noise } from "../../../src/testing/streams.ts";
import type { Witness } from "../../../src/testing/witness.ts";
import type { Random } from "../random.ts";
import { OldRegistry } from "./oldRegistry.ts";
import { drawWork, type Step } from "./works.ts";

/** How long what nothing names is kept, in ms: longer than a point takes. */
export const grace = 3600_000;

/** What all clients of a point do at once, drawn beforehand. */
export class Day {
  /** A directory that is adopted first, in a fifth of all days. */
  readonly old: OldRegistry | undefined;
  /** How far each collection moves the clock, in ms: not at all, or so that all that nothing names is due. */
  readonly tick: number;
  /** For each client, its steps. */
  readonly #clients: readonly (readonly Step[])[];

  constructor(random: Random, number: number) {
    const contents = [1, 2, 3].map((nth) => blobOf(noise(200 * nth, -number * 4 - nth)));
    this.old =
      random.fraction() < 0.2 ? new OldRegistry(random.of(["link", "copy"] as const), contents) : undefined;
    this.tick = random.of([0, grace]);
    const count = random.of([2, 2, 3]);
    this.#clients = [...Array(count).keys()].map((client) => {
      const [kept, fleeting] = client % 2 === 0 ? contents : contents.toReversed().slice(1);
      const neighbour = this.old && random.fraction() < 0.5 ? "old/a" : `client-${(client + 1) % count}`;
      return drawWork(random, {
        number: number * 4 + client,
        kept: kept!,
        fleeting: fleeting!,
        neighbour,
      });
    });
  }

  /** The repositories of its clients, one each. */
  get repositories(): string[] {
    return this.#clients.map((_, client) => `client-${client}`);
  }

  /** How many requests there are, about. */
  get steps(): number {
    return this.#clients.reduce((sum, { length }) => sum + length, 0);
  }

  /**
   * Have it happen. Gives whether everything was acknowledged; a client goes on after what was not.
   * @param witnesses the clients, in order
   * @param tick is called before each collection
   */
  async happen(
    { registry }: FileRegistry,
    witnesses: readonly Witness[],
    tick: () => void = () => {},
  ): Promise<boolean> {
    const collect = async () => {
      tick();
      return registry.collector.run(grace).then(
        () => true,
        () => false,
      );
    };
    const done = await Promise.all(
      this.#clients.map(async (steps, client) => {
        let all = true;
        for (const step of steps) {
          all = (await step({ witness: witnesses[client]!, collect })) && all;
          await turn();
        }
        return all;
      }),
    );
    return !done.includes(false);
  }
}
