import type { Catalog } from "../../../src/catalog/catalog.ts";
import type { Registry } from "../../../src/registry/registry.ts";
import type { Content } from "../../../src/testing/artifacts.ts";
import type { Random } from "../random.ts";
import { same, sameSet } from "./subject.ts";
import { Traffic } from "./traffic.ts";
import { artifacts, blobs, grace } from "./world.ts";

/** Everything is compared after so many steps; before that, what a step touched. */
const whole = 250;

/** What came of a run. */
export interface ModelRun {
  /** Steps by kind. */
  readonly steps: ReadonlyMap<string, number>;
  /** Blobs that collections took, contents and bytes that they freed. */
  readonly collected: { readonly blobs: number; readonly contents: number; readonly bytes: number };
  /** How often everything was compared. */
  readonly compared: number;
}

/**
 * Do `count` random things to a registry over `catalog`, collections among them and beside them, with time moving; after each
 * compare what it touched, and every now and then everything, with what must be so.
 * @throws Error at the first difference, with the number of its step
 */
export async function runModel(catalog: Catalog, random: Random, count: number): Promise<ModelRun> {
  const run = new Model(catalog, random);
  for (let step = 0; step < count; step++)
    try {
      await run.step();
      if (step % whole === whole - 1 || step === count - 1) await run.compare();
    } catch (cause) {
      throw new Error(`step ${step}, ${run.last}: ${cause instanceof Error ? cause.message : cause}`, {
        cause,
      });
    }
  return run.result();
}

class Model extends Traffic {
  last = "";
  readonly #steps = new Map<string, number>();
  readonly #totals = { blobs: 0, contents: 0, bytes: 0 };
  #compared = 0;

  result(): ModelRun {
    this.#add(this.registry);
    return { steps: this.#steps, collected: this.#totals, compared: this.#compared };
  }

  /** One thing, whichever. */
  async step(): Promise<void> {
    this.now += Math.floor((this.random.fraction() * grace) / 8);
    const [name, step] = this.random.of(this.#all);
    this.last = name;
    this.#steps.set(name, (this.#steps.get(name) ?? 0) + 1);
    await step.call(this);
  }

  override async compare(): Promise<void> {
    this.#compared++;
    await super.compare();
  }

  readonly #all: readonly (readonly [name: string, step: () => Promise<void>])[] = Object.entries({
    "push a blob": this.pushBlob,
    "push an artifact": this.pushWhole,
    "put a manifest": this.put,
    mount: this.mount,
    "ask for a blob": this.ask,
    "open a session": this.open,
    "go on with a session": this.goOn,
    "finish a session": this.finish,
    untag: this.untag,
    "delete a manifest": this.remove,
    "delete all manifests of a repository": this.clear,
    "delete a blob": this.removeBlob,
    "list referrers": this.referrers,
    collect: this.#collect,
    "collect manifests too": this.#collectManifests,
    "push beside a collection": this.#pushBeside,
    "ask beside a collection": this.#askBeside,
    "put beside a collection": this.#putBeside,
    "fail in a collection": this.#fail,
    restart: this.#restart,
    hold: this.#hold,
  });

  #add(registry: Registry): void {
    for (const key of ["blobs", "contents", "bytes"] as const)
      this.#totals[key] += registry.collector.total[key];
  }

  /** What is explained is what goes, and afterwards nothing is there that no repository has. */
  async #collect(): Promise<void> {
    const explained = await Array.fromAsync(this.registry.collector.explain(grace, this.now));
    const due = this.expected.due(this.now);
    const told = explained.flatMap((each) =>
      each.kind === "blob" ? [`${each.repository} ${each.digest}`] : [],
    );
    sameSet("what is explained", told, due);
    const collected = await this.registry.collector.run(grace);
    same("what is collected", collected.blobs, due.length);
    await this.#collected();
  }

  /** The same with manifests that nothing holds. Their blobs wait from now on. */
  async #collectManifests(): Promise<void> {
    const explained = await Array.fromAsync(this.registry.collector.explain(grace, this.now, true));
    const told = explained.flatMap((each) =>
      each.kind === "manifest" ? [`${each.repository} ${each.digest}`] : [],
    );
    const due = this.expected.dueManifests(this.now);
    sameSet("what is explained of manifests", told, due);
    const collected = await this.registry.collector.run(grace, true);
    same("what is collected of manifests", collected.manifests, due.length);
    this.expected.collectManifests(this.now);
    await this.#collected();
  }

  /** Two pushes of one content while it is collected: both are answered, and both are there. */
  async #pushBeside(): Promise<void> {
    const content = this.#mortal();
    const repositories = [this.repository(), this.repository()];
    await this.#beside(Promise.all(repositories.map((each) => this.send(each, content))));
    for (const { name } of repositories) this.expected.link(name, content.descriptor.digest, this.now);
    await this.#collected();
    for (const repository of repositories) await this.look(repository, content);
  }

  /** Whoever is told that a blob is there while it is due may count on it. */
  async #askBeside(): Promise<void> {
    const [repository, content] = [this.repository(), this.#mortal()];
    const size = await this.#beside(repository.keep(content.descriptor));
    if (size !== undefined)
      same("the blob", this.expected.ask(repository.name, content.descriptor.digest, this.now), true);
    await this.#collected();
    await this.look(repository, content);
  }

  /** A manifest is taken with all that it names, or refused since some of that is gone. */
  async #putBeside(): Promise<void> {
    const [repository, artifact] = [this.repository(), this.random.of(artifacts)];
    const complete = this.expected.isComplete(repository.name, artifact);
    const taken = (await this.#beside(this.tryPut(repository, artifact, undefined))) === "done";
    if (taken) this.expected.put(repository.name, artifact, undefined, this.now);
    await this.#collected();
    same("what it names", taken ? complete : this.expected.isComplete(repository.name, artifact), taken);
    for (const blob of artifact.blobs) await this.look(repository, blob);
  }

  /** A content that is about to go, if there is one. */
  #mortal(): Content {
    const due = this.expected.due(this.now);
    const mortal = blobs.filter(({ descriptor }) => due.some((each) => each.endsWith(descriptor.digest)));
    return this.random.of(mortal.length > 0 ? mortal : blobs);
  }

  /** Work and a collection at once. Each waits a while at every step, so that they meet in every order. */
  async #beside<T>(work: Promise<T>): Promise<T> {
    this.dawdle = async () => {
      for (let turns = Math.floor(this.random.fraction() * 8); turns > 0; turns--)
        await new Promise((resolve) => setImmediate(resolve));
    };
    const [result] = await Promise.all([work, this.registry.collector.run(grace)]);
    this.dawdle = async () => {};
    return result;
  }

  async #collected(): Promise<void> {
    this.expected.collect(this.now);
    await this.exact();
  }

  /** A command of a collection fails; another process, or this one, goes on with what is left. */
  async #fail(): Promise<void> {
    this.fuse = Math.floor(this.random.fraction() * 6);
    const failed = await this.registry.collector.run(grace).then(
      () => false,
      () => true,
    );
    this.fuse = undefined;
    if (failed && this.random.fraction() < 0.5) await this.#restart();
    if (failed && this.random.fraction() < 0.5) await this.pushBlob();
    await this.registry.collector.run(grace);
    await this.#collected();
  }

  async #restart(): Promise<void> {
    await this.registry.close();
    this.#add(this.registry);
    this.registry = this.start();
  }

  /** While a hold lasts no bytes go, whatever is deleted. */
  async #hold(): Promise<void> {
    using _hold = await this.registry.collector.hold();
    const before = await this.stored();
    await this.removeBlob();
    same("the collection", await this.registry.collector.run(grace).then(() => "done", codeOf), "busy");
    sameSet("bytes", [...(await this.stored())], [...before]);
  }
}

const codeOf = (error: { readonly code?: string }): string | undefined => error.code;
