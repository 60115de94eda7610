import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Catalog } from "../../../src/catalog/catalog.ts";
import { type FileSystem, nodeFileSystem } from "../../../src/files/filesystem.ts";
import { fingerprint } from "../../../src/testing/distribution.ts";
import { type FileRegistry, fileRegistry } from "../../../src/testing/fileRegistry.ts";
import { TestFileSystem } from "../../../src/testing/filesystem.ts";
import { type Ask, Witness } from "../../../src/testing/witness.ts";
import { Random } from "../random.ts";
import { dawdling } from "./dawdle.ts";
import { Day, grace } from "./day.ts";
import { leftOver, wrongIn } from "./look.ts";
import { OldRegistry } from "./oldRegistry.ts";
import { type Kind, Trouble } from "./trouble.ts";

/** Calls of the file system that a step of a day makes, and an adoption, on an average. */
const [callsOfStep, callsOfAdoption] = [11, 150];

/** What became of one point. */
export interface Outcome {
  readonly kind: Kind;
  /** Whether the trouble struck: a day may be over before. */
  readonly struck: boolean;
  readonly adopts: boolean;
  /** Calls of the file system until the trouble was over. */
  readonly calls: number;
  readonly acknowledged: number;
  /** Things that were asked for afterwards. */
  readonly remembered: number;
  /** A sentence for each thing that is not as it must be. */
  readonly faults: readonly string[];
}

/**
 * Have a random day with trouble at one of its calls, and look what is left: all that was acknowledged is there, byte for
 * byte, nothing that was deleted is, and a check finds no fault; the same day again succeeds as a whole; and once all is let go of,
 * nothing remains.
 * @param root a path for it, where nothing is
 * @param catalog empty, and empty again afterwards unless there is a fault
 */
export async function tryPoint(root: string, catalog: Catalog, number: number): Promise<Outcome> {
  await mkdir(root);
  const point = new Point(root, catalog, number);
  await point.run().catch((error: unknown) => point.faults.push(String(error)));
  await rm(root, { recursive: true });
  return point.outcome();
}

class Point {
  readonly faults: string[] = [];
  readonly #root: string;
  readonly #catalog: Catalog;
  readonly #random: Random;
  /** Another, since it is asked in whatever order calls come. */
  readonly #dawdling: Random;
  readonly #day: Day;
  readonly #trouble: Trouble;
  readonly #clients: readonly Witness[];
  /** Those who count on what was adopted. */
  readonly #heirs: readonly Witness[];
  /** Whether the last adoption left something out. */
  #partly = false;
  #ahead = 0;
  #calls = 0;
  #ask: Ask = () => Promise.reject(new Error("nobody answers"));

  constructor(root: string, catalog: Catalog, number: number) {
    this.#root = root;
    this.#catalog = catalog;
    this.#random = new Random(number);
    this.#dawdling = new Random(-number);
    this.#day = new Day(this.#random, number);
    const { steps, old, tick, repositories } = this.#day;
    this.#trouble = new Trouble(this.#random, steps * callsOfStep + (old ? callsOfAdoption : 0));
    const witness = (repository: string) =>
      new Witness((...request) => this.#ask(...request), repository, { collected: tick > 0 });
    this.#clients = repositories.map(witness);
    this.#heirs = OldRegistry.repositories.map(witness);
  }

  get #witnesses(): readonly Witness[] {
    return [...this.#clients, ...this.#heirs];
  }

  outcome(): Outcome {
    const sum = (of: (witness: Witness) => number) => this.#witnesses.reduce((total, w) => total + of(w), 0);
    return {
      kind: this.#trouble.kind,
      struck: this.#trouble.struck !== undefined,
      adopts: this.#day.old !== undefined,
      calls: this.#calls,
      acknowledged: sum(({ acknowledged }) => acknowledged),
      remembered: sum(({ size }) => size),
      faults: this.faults.map((fault) => `${this.#trouble}: ${fault}`),
    };
  }

  async run(): Promise<void> {
    const first = join(this.#root, "first");
    await mkdir(first);
    for (const name of ["data", "old"]) await mkdir(join(first, name));
    await this.#day.old?.fill(join(first, "old"));
    const fs = await TestFileSystem.over(first);
    fs.fault = this.#trouble.fault;
    const before = await this.#oldIn(first);
    await this.#troubled(first, fs);
    this.#calls = fs.calls.length;
    this.#same("files left open", fs.openFiles, 0);
    this.#same("the old registry's directory", await this.#oldIn(first), before);
    if (this.#trouble.kind !== "the power fails") {
      await this.#goOn(first, fs);
      this.#same("files left open at the end", fs.openFiles, 0);
      return;
    }
    // Rows are the same for both, so only one of them can be gone on with.
    const [one, other] = this.#random.of([
      ["synced", "all"],
      ["all", "synced"],
    ] as const);
    for (const entries of [one, other]) await fs.afterPowerLoss(join(this.#root, entries), entries);
    await this.#process(join(this.#root, one), nodeFileSystem, (registry) => this.#lookAt(registry));
    await this.#goOn(join(this.#root, other), nodeFileSystem);
  }

  /** The day, until the process ends or, where trouble passes by, has mended what it can. */
  async #troubled(root: string, fs: TestFileSystem): Promise<void> {
    await this.#process(root, fs, (registry) => this.#adopt(root, fs, registry));
    await this.#process(root, fs, async (registry) => {
      await this.#happen(registry, this.#day.tick);
      if (this.#trouble.kind === "the power fails") return;
      fs.fault = () => undefined;
      await this.#nothingLost();
      // A sync that failed is mended by a start alone; anything else by asking again.
      if (registry.told.length === 0 && this.#random.fraction() < 0.3)
        this.#same("the same again, at once", await this.#happen(registry), true);
    });
  }

  async #nothingLost(): Promise<void> {
    for (const witness of this.#witnesses)
      for (const lost of await witness.lost()) this.faults.push(`lost: ${lost}`);
  }

  /** What was acknowledged is there, and a check finds nothing wrong. */
  async #lookAt(registry: FileRegistry): Promise<void> {
    await this.#nothingLost();
    this.faults.push(...(await wrongIn(registry, this.#catalog, this.#partly)));
  }

  /** A new process finds everything, tidies up as a start does, sees the same again done as a whole, and lets go of all. */
  async #goOn(root: string, fs: FileSystem): Promise<void> {
    const old = await this.#oldIn(root);
    await this.#process(root, fs, async (registry) => {
      await this.#lookAt(registry);
      this.#ahead += this.#day.tick;
      await registry.registry.uploads.reap(grace * 10);
      await registry.registry.collector.run(grace);
      await this.#adopt(root, fs, registry);
      this.#same("left out of the adoption again", this.#partly, false);
      for (const client of this.#clients)
        for (const session of client.sessions)
          this.#same("the rest of an upload", await client.finish(session), true);
      this.#same("the same again", await this.#happen(registry), true);
      await this.#nothingLost();
      const repositories = [...this.#day.repositories, ...OldRegistry.repositories];
      this.faults.push(...(await leftOver(registry, repositories)));
    });
    this.#same("the old registry's directory at the end", await this.#oldIn(root), old);
  }

  async #adopt(root: string, fs: FileSystem, registry: FileRegistry): Promise<void> {
    const { old } = this.#day;
    if (old === undefined) return;
    this.#partly = !(await old.adopted(fs, join(root, "old"), registry, this.#heirs));
  }

  #happen(registry: FileRegistry, tick = 0): Promise<boolean> {
    return this.#day.happen(registry, this.#clients, () => {
      this.#ahead += tick;
    });
  }

  /** `work` with a process of its own. */
  async #process(
    root: string,
    fs: FileSystem,
    work: (registry: FileRegistry) => Promise<unknown>,
  ): Promise<void> {
    const slow = dawdling(this.#dawdling, fs, this.#catalog);
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

  async #oldIn(root: string): Promise<string> {
    return this.#day.old === undefined ? "" : fingerprint(join(root, "old"));
  }

  #same<T>(what: string, found: T, expected: T): void {
    if (found !== expected) this.faults.push(`${what}: found ${found}, expected ${expected}`);
  }
}
