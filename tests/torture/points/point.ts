import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Catalog } from "../../../src/catalog/catalog.ts";
import { type FileSystem, nodeFileSystem } from "../../../src/files/filesystem.ts";
import { fingerprint } from "../../../src/testing/distribution.ts";
import type { FileRegistry } from "../../../src/testing/fileRegistry.ts";
import { TestFileSystem } from "../../../src/testing/filesystem.ts";
import { Random } from "../random.ts";
import { Cast } from "./cast.ts";
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
  readonly #number: number;
  readonly #day: Day;
  readonly #cast: Cast;
  readonly #trouble: Trouble;
  #calls = 0;

  constructor(root: string, catalog: Catalog, number: number) {
    this.#root = root;
    this.#number = number;
    this.#catalog = catalog;
    this.#random = new Random(number);
    this.#day = new Day(this.#random, number);
    const { steps, old } = this.#day;
    this.#trouble = new Trouble(this.#random, steps * callsOfStep + (old ? callsOfAdoption : 0));
    this.#cast = new Cast(this.#day, catalog, number);
  }

  outcome(): Outcome {
    const { witnesses } = this.#cast;
    return {
      kind: this.#trouble.kind,
      struck: this.#trouble.struck !== undefined,
      adopts: this.#day.old !== undefined,
      calls: this.#calls,
      acknowledged: witnesses.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
      remembered: witnesses.reduce((sum, { size }) => sum + size, 0),
      faults: this.faults.map((fault) => `${this.#trouble}: ${fault}`),
    };
  }

  async run(): Promise<void> {
    const first = join(this.#root, "first");
    for (const folder of [first, join(first, "data"), join(first, "old")]) await mkdir(folder);
    await this.#day.old?.fill(join(first, "old"));
    const fs = await TestFileSystem.over(first);
    if (this.#random.fraction() < 0.3)
      await this.#cast.process(first, fs, () => this.#cast.begin(this.#number));
    fs.calls.length = 0;
    fs.fault = this.#trouble.fault;
    await this.#keepsOld(first, () => this.#troubled(first, fs));
    this.#calls = fs.calls.length;
    this.#same("files left open", fs.openFiles, 0);
    if (this.#trouble.kind !== "the power fails") {
      await this.#keepsOld(first, () => this.#goOn(first, fs));
      this.#same("files left open at the end", fs.openFiles, 0);
      return;
    }
    // Rows are the same for both, so only one of them can be gone on with.
    const [one, other] = this.#random.of([
      ["synced", "all"],
      ["all", "synced"],
    ] as const);
    for (const entries of [one, other]) await fs.afterPowerLoss(join(this.#root, entries), entries);
    const [seen, lives] = [join(this.#root, one), join(this.#root, other)];
    await this.#cast.process(seen, nodeFileSystem, (registry) => this.#lookAt(registry));
    await this.#keepsOld(lives, () => this.#goOn(lives, nodeFileSystem));
  }

  /** The day, until the process ends or, where trouble passes by, has mended what it can. */
  async #troubled(root: string, fs: TestFileSystem): Promise<void> {
    await this.#cast.process(root, fs, (registry) => this.#cast.adopt(root, fs, registry));
    await this.#cast.process(root, fs, async (registry) => {
      await this.#cast.happen(registry);
      if (this.#trouble.kind === "the power fails") return;
      fs.fault = () => undefined;
      await this.#nothingLost();
      // A sync that failed is mended by a start alone; anything else by asking again.
      if (registry.told.length === 0 && this.#random.fraction() < 0.3)
        this.#same("the same again, at once", await this.#cast.again(registry), true);
    });
  }

  /** A new process finds everything, tidies up as a start does, sees the same again done as a whole, and lets go of all. */
  async #goOn(root: string, fs: FileSystem): Promise<void> {
    await this.#cast.process(root, fs, async (registry) => {
      await this.#lookAt(registry);
      this.#cast.wait();
      await registry.registry.uploads.reap(grace * 10);
      await registry.registry.collector.run(grace);
      await this.#cast.adopt(root, fs, registry);
      this.#same("left out of the adoption again", this.#cast.partly, false);
      this.#same("the rest of what was half sent", await this.#cast.finish(), true);
      this.#same("the same again", await this.#cast.again(registry), true);
      await this.#nothingLost();
      const repositories = [...this.#day.repositories, ...OldRegistry.repositories];
      this.faults.push(...(await leftOver(registry, repositories)));
    });
  }

  /** What was acknowledged is there, and a check finds nothing wrong. */
  async #lookAt(registry: FileRegistry): Promise<void> {
    await this.#nothingLost();
    this.faults.push(...(await wrongIn(registry, this.#catalog, this.#cast.partly)));
  }

  async #nothingLost(): Promise<void> {
    for (const lost of await this.#cast.lost()) this.faults.push(`lost: ${lost}`);
  }

  /** `work` does nothing to the directory that is adopted. */
  async #keepsOld(root: string, work: () => Promise<void>): Promise<void> {
    const old = join(root, "old");
    const before = await fingerprint(old);
    await work();
    this.#same("the directory that is adopted", await fingerprint(old), before);
  }

  #same<T>(what: string, found: T, expected: T): void {
    if (found !== expected) this.faults.push(`${what}: found ${found}, expected ${expected}`);
  }
}
