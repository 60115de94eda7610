import { join } from "node:path";
import type { Catalog } from "../../../src/catalog/catalog.ts";
import type { FileSystem } from "../../../src/files/filesystem.ts";
import { blobOf } from "../../../src/testing/artifacts.ts";
import { type FileRegistry, fileRegistry } from "../../../src/testing/fileRegistry.ts";
import { noise } from "../../../src/testing/streams.ts";
import { type Ask, Witness } from "../../../src/testing/witness.ts";
import { Random } from "../random.ts";
import { dawdling } from "./dawdle.ts";
import { type Day, grace } from "./day.ts";
import { OldRegistry } from "./oldRegistry.ts";

/** Who takes part in one day: its clients, who remember, and a registry that dies and comes again over the same rows. */
export class Cast {
  /** Whether the last adoption left something out. */
  partly = false;
  readonly #day: Day;
  readonly #catalog: Catalog;
  readonly #clients: readonly Witness[];
  /** Those who count on what was adopted. */
  readonly #heirs: readonly Witness[];
  /** One of its own, since it is asked in whatever order calls come. */
  readonly #random: Random;
  /** How far the registry's clock goes before the world's, in ms. */
  #ahead = 0;
  #ask: Ask = () => Promise.reject(new Error("nobody answers"));

  constructor(day: Day, catalog: Catalog, number: number) {
    this.#day = day;
    this.#catalog = catalog;
    this.#random = new Random(-number);
    const witness = (repository: string) =>
      new Witness((...request) => this.#ask(...request), repository, { collected: day.tick > 0 });
    this.#clients = day.repositories.map(witness);
    this.#heirs = OldRegistry.repositories.map(witness);
  }

  get witnesses(): readonly Witness[] {
    return [...this.#clients, ...this.#heirs];
  }

  /** `work` with a process of its own over the directory `data` in `root`. */
  async process(
    root: string,
    fs: FileSystem,
    work: (registry: FileRegistry) => Promise<unknown>,
  ): Promise<void> {
    const slow = dawdling(this.#random, fs, this.#catalog);
    const registry = fileRegistry(join(root, "data"), slow.fs, slow.catalog, {
      now: () => Date.now() + this.#ahead,
      rules: { grace },
    });
    this.#ask = registry.ask;
    try {
      await work(registry);
    } finally {
      // Where the power fails, closing does too.
      await registry.stop().catch(() => {});
    }
  }

  /** Adopt what lies in `old` in `root`, where the day has that. */
  async adopt(root: string, fs: FileSystem, registry: FileRegistry): Promise<void> {
    const { old } = this.#day;
    if (old === undefined) return;
    this.partly = !(await old.adopted(fs, join(root, "old"), registry, this.#heirs));
  }

  /** The day as it is, with its collections' moves of the clock; beside it, what was half sent is gone on with. */
  async happen(registry: FileRegistry): Promise<void> {
    await Promise.all([this.finish(), this.#day.happen(registry, this.#clients, () => this.wait())]);
  }

  /** The same again, while no time passes. Gives whether everything was acknowledged. */
  again(registry: FileRegistry): Promise<boolean> {
    return this.#day.happen(registry, this.#clients);
  }

  /** Let the time pass that the day's collections wait for. */
  wait(): void {
    this.#ahead += this.#day.tick;
  }

  /** Half of a blob by each client. */
  async begin(number: number): Promise<void> {
    for (const [client, witness] of this.#clients.entries())
      await witness.half(blobOf(noise(1000, number * 4 + client + 2)));
  }

  /** Go on with what was half sent. Gives whether all of it was acknowledged. */
  async finish(): Promise<boolean> {
    let all = true;
    for (const client of this.#clients)
      for (const session of client.sessions) all = (await client.finish(session)) && all;
    return all;
  }

  /** What was acknowledged and is not so. */
  async lost(): Promise<string[]> {
    const lost: string[] = [];
    for (const witness of this.witnesses) lost.push(...(await witness.lost()));
    return lost;
  }
}
