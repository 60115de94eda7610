import { join } from "node:path";
import { chartroom } from "../programs.ts";
import type { Held, Ledger } from "./ledger.ts";
import type { Random } from "./random.ts";

/** What all lanes of a storm share. */
export interface Sea {
  readonly folder: string;
  readonly store: string;
  readonly env: Record<string, string>;
  readonly host: string;
  /** Chart directories in the folder by name, each with the digest of its manifest. */
  readonly charts: ReadonlyMap<string, string>;
  readonly random: Random;
  /** Names in the store, and tags in the registry. */
  readonly local: Ledger;
  readonly remote: Ledger;
  readonly counts: Counts;
}

/** What came of the commands, by command. */
export class Counts {
  readonly done = new Map<string, number>();
  readonly killed = new Map<string, number>();
  /** The registry was away, or another held the lock: refused with the code that says so. */
  readonly refused = new Map<string, number>();
  /** What must never be, a sentence each. */
  readonly faults: string[] = [];

  add(kind: "done" | "killed" | "refused", command: string): void {
    this[kind].set(command, (this[kind].get(command) ?? 0) + 1);
  }

  total(kind: "done" | "killed" | "refused"): number {
    return [...this[kind].values()].reduce((sum, count) => sum + count, 0);
  }
}

const tags = ["1.0.0", "2.0.0", "stable"];
/** Exit codes that are no fault: what was refused, and may be asked again. */
const refusals: Record<string, readonly number[]> = {
  push: [7],
  pull: [7],
  copy: [7],
  tags: [7],
  delete: [7],
  prune: [5],
};
/** A command lives some 30 ms, more on a busy machine: moments of death, in ms, are spread over all of it. */
const lifetime = 120;

/** One process after the other, each a command that a user might type; one in four is killed at some moment. */
export class Lane {
  readonly #sea: Sea;
  readonly #prefix: string;

  constructor(sea: Sea, number: number) {
    this.#sea = sea;
    this.#prefix = `${sea.host}/lane-${number}/mychart`;
  }

  /** One command, whichever. */
  async step(): Promise<void> {
    const { random } = this.#sea;
    const steps = [
      ...[this.#save, this.#save, this.#save, this.#saveShared, this.#list, this.#export, this.#tag],
      ...[this.#push, this.#push, this.#pull, this.#pull, this.#remove, this.#prune, this.#check],
      ...[this.#copyUp, this.#copyUp, this.#copyDown, this.#delete, this.#tags],
    ];
    await random.of(steps).call(this);
  }

  async #save(): Promise<void> {
    const [chart, digest] = this.#sea.random.of([...this.#sea.charts]);
    await this.#change(["chart", "save", chart, this.#name()], this.#sea.local, digest);
  }

  /** Names that all lanes save under: any of the charts may be the last. */
  async #saveShared(): Promise<void> {
    const { random, charts, host, local } = this.#sea;
    const [chart, digest] = random.of([...charts]);
    const name = `${host}/shared/mychart:${random.of(tags)}`;
    local.allow(name, digest);
    await this.#run(["chart", "save", chart, name]);
  }

  async #tag(): Promise<void> {
    const [from, held] = this.#saved();
    if (from !== undefined) await this.#change(["chart", "tag", from, this.#name()], this.#sea.local, held);
  }

  async #remove(): Promise<void> {
    const [name] = this.#saved();
    if (name !== undefined) await this.#change(["chart", "remove", name], this.#sea.local, undefined);
  }

  async #push(): Promise<void> {
    const [name, held] = this.#saved();
    if (name !== undefined) await this.#change(["chart", "push", name, "--force"], this.#sea.remote, held);
  }

  async #pull(): Promise<void> {
    const [name, held] = this.#pushed(this.#prefix);
    if (name === undefined) return this.#push();
    await this.#change(["chart", "pull", name], this.#sea.local, held);
  }

  /** From the store to a repository of its own in the registry. */
  async #copyUp(): Promise<void> {
    const [name, held] = this.#saved();
    if (name === undefined) return;
    const target = `${this.#copies}:${this.#sea.random.of(tags)}`;
    await this.#change(["copy", `store:${name}`, target, "--force"], this.#sea.remote, held, target);
  }

  async #copyDown(): Promise<void> {
    const [name, held] = this.#pushed(this.#copies);
    if (name === undefined) return;
    const target = this.#name();
    await this.#change(["copy", name, `store:${target}`, "--force"], this.#sea.local, held, target);
  }

  async #delete(): Promise<void> {
    const [name] = this.#pushed(this.#copies);
    if (name !== undefined) await this.#change(["delete", name, "--yes"], this.#sea.remote, undefined, name);
  }

  async #tags(): Promise<void> {
    const [name] = this.#pushed(this.#prefix);
    if (name !== undefined) await this.#run(["tags", this.#prefix]);
  }

  async #export(): Promise<void> {
    const [name] = this.#saved();
    if (name !== undefined)
      await this.#run([
        "chart",
        "export",
        name,
        "-d",
        join("out", this.#prefix.replaceAll(/\W/g, "-")),
        "--force",
      ]);
  }

  /** What this lane saved and was answered must be listed, whatever the others do meanwhile. */
  async #list(): Promise<void> {
    const own = this.#sea.local.settled().filter(([name]) => name.startsWith(`${this.#prefix}:`));
    const { stdout, ended } = await this.#run(["chart", "list", "-o", "json"]);
    if (ended !== 0) return;
    const rows: { ref: string; manifest?: { digest: string } }[] = JSON.parse(stdout);
    for (const [name, held] of own) {
      const row = rows.find(({ ref }) => ref === name);
      if (row?.manifest?.digest !== held)
        this.#sea.counts.faults.push(`list shows ${JSON.stringify(row)}, expected ${name} at ${held}`);
    }
  }

  async #prune(): Promise<void> {
    await this.#run(["chart", "prune"]);
  }

  async #check(): Promise<void> {
    await this.#run(["chart", "check"]);
  }

  #name(): string {
    return `${this.#prefix}:${this.#sea.random.of(tags)}`;
  }

  /** Where this lane copies to. */
  get #copies(): string {
    return `${this.#prefix}-copied`;
  }

  /** A tag of a repository that is in the registry for certain. */
  #pushed(repository: string): [name: string | undefined, held: Held] {
    const there = this.#sea.remote.settled().filter(([name]) => name.startsWith(`${repository}:`));
    return there.length === 0 ? [undefined, undefined] : this.#sea.random.of(there);
  }

  /** One of this lane's names that are in the store for certain. */
  #saved(): [name: string | undefined, held: Held] {
    const own = this.#sea.local.settled().filter(([name]) => name.startsWith(`${this.#prefix}:`));
    return own.length === 0 ? [undefined, undefined] : this.#sea.random.of(own);
  }

  /**
   * Run a command that lets a name hold something, and write down what that may be from now on.
   * @param name the last word that is one of this lane's, unless told
   */
  async #change(argv: string[], ledger: Ledger, held: Held, name = this.#lastOf(argv)): Promise<void> {
    ledger.allow(name, held);
    const { ended } = await this.#run(argv);
    if (ended === 0) ledger.settle(name, held);
  }

  #lastOf(argv: readonly string[]): string {
    const name = argv.findLast((word) => word.startsWith(this.#prefix));
    if (name === undefined) throw new Error(`no name in ${argv.join(" ")}`);
    return name;
  }

  /** Run a command; now and then kill it. Gives its exit code, undefined when it was killed or refused. */
  async #run(argv: string[]): Promise<{ stdout: string; ended: number | undefined }> {
    const { random, counts, store, folder, env } = this.#sea;
    const command = argv[0] === "chart" ? (argv[1] ?? "") : (argv[0] ?? "");
    const child = Bun.spawn([chartroom, ...argv, "--store", store, "--no-progress"], {
      ...{ cwd: folder, env, stdin: "ignore", stdout: "pipe", stderr: "pipe" },
    });
    const death =
      random.fraction() < 0.25
        ? setTimeout(() => child.kill("SIGKILL"), random.fraction() * lifetime)
        : undefined;
    const [stdout, stderr] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    clearTimeout(death);
    if (child.signalCode === "SIGKILL") counts.add("killed", command);
    else if (child.exitCode === 0) counts.add("done", command);
    else if (refusals[command]?.includes(child.exitCode ?? -1)) counts.add("refused", command);
    else counts.faults.push(`${argv.join(" ")} ended with ${child.exitCode}: ${stderr}${stdout}`);
    return { stdout, ended: child.exitCode === 0 ? 0 : undefined };
  }
}
