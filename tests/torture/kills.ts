import { type Artifact, blobOf, imageOf } from "../../src/testing/artifacts.ts";
import { noise } from "../../src/testing/streams.ts";
import { asking, Witness } from "../../src/testing/witness.ts";
import type { Bench } from "../bench.ts";
import { faultsOf } from "./faults.ts";
import { Random } from "./random.ts";

export interface KillOptions {
  /** How often the registry is killed. */
  readonly kills: number;
  /** Clients at once. */
  readonly hands: number;
  readonly seed: number;
  /** The longest that the registry lives under load, in ms. */
  readonly longest: number;
}

/** What became of a registry that died again and again. */
export interface Aftermath {
  /** Requests that were acknowledged. */
  readonly acknowledged: number;
  /** Blobs, manifests, tags, referrers, deletes and sessions that were looked for, each after its death and at the end. */
  readonly remembered: number;
  /** Rounds in which nothing was acknowledged before the death. */
  readonly idle: number;
  /** Blobs that were pushed, that nothing names any more, and that collection took. */
  readonly collected: number;
  /** What was acknowledged and is not so, and what a check after each death finds wrong. */
  readonly lost: readonly string[];
}

/** A content that all push, name and let go of: collection takes it while others bring it again. */
const common = blobOf(noise(2000, 42));

/**
 * The built binary's registry under parallel pushes, deletes and collections, killed at any moment and started again: after each death
 * what was acknowledged since the one before is asked for, and at the end, after one more, all that ever was.
 */
export async function killUnderLoad(bench: Bench, options: KillOptions): Promise<Aftermath> {
  const registry = await bench.chartroom([], { REGISTRY_STORAGE_MAINTENANCE_COLLECTION_GRACE: "500ms" });
  const random = new Random(options.seed);
  const ask = asking(`http://${registry.host}`);
  const all: Witness[] = [];
  const lost: string[] = [];
  let idle = 0;
  const survey = async (witnesses: readonly Witness[]) => {
    for (const found of await Promise.all(witnesses.map((witness) => witness.lost()))) lost.push(...found);
  };

  for (let round = 0; round < options.kills; round++) {
    const hands = Array.from(
      { length: options.hands },
      (_, hand) => new Witness(ask, `r${round}/h${hand}`, { collected: true }),
    );
    let alive = true;
    const working = hands.map(async (witness, hand) => {
      for (let turn = 0; alive; turn++)
        await work(witness, random, (round * options.hands + hand) * 1000 + turn);
    });
    await Bun.sleep(random.fraction() * options.longest);
    await registry.kill();
    alive = false;
    await Promise.all(working);
    await registry.restart();
    await survey(hands);
    lost.push(...(await faultsOf(bench, registry)));
    if (hands.every(({ acknowledged }) => acknowledged === 0)) idle++;
    all.push(...hands);
  }
  await registry.kill();
  await registry.restart();
  await survey(all);
  const gone = await Promise.all(all.map((witness) => witness.gone()));
  const sum = (of: (witness: Witness) => number) => all.reduce((total, witness) => total + of(witness), 0);
  return {
    acknowledged: sum((each) => each.acknowledged),
    remembered: sum(({ size }) => size),
    idle,
    lost,
    collected: gone.reduce((a, b) => a + b, 0),
  };
}

/** One of a client's works, any of them at any time, until a request is not acknowledged: so each moment of each work is one to die at. */
async function work(witness: Witness, random: Random, seed: number): Promise<void> {
  const size = random.fraction() < 0.05 ? 1_000_000 : 100 + Math.floor(random.fraction() * 20_000);
  const push = (artifact: Artifact) =>
    artifact.blobs.map((blob) => () => witness.blob(blob, random.fraction() < 0.5 ? "session" : "whole"));
  const image = imageOf([blobOf(noise(size, seed))]);
  const signature = imageOf([blobOf(noise(300, -seed - 1))], {
    artifactType: "application/vnd.example.signature",
    subject: image.descriptor,
  });
  const doomed = imageOf([common, blobOf(noise(200, -seed - 2))], { annotations: { turn: `${seed}` } });
  const steps = random.of([
    [...push(image), () => witness.manifest(image, "latest")],
    [...push(signature), () => witness.manifest(signature, undefined, image.descriptor.digest)],
    [async () => (await witness.half(blobOf(noise(size, seed)))) !== undefined],
    [
      ...push(doomed),
      () => witness.manifest(doomed, `t${seed}`),
      () => witness.remove(`manifests/t${seed}`),
      () => witness.remove(`manifests/${doomed.descriptor.digest}`),
    ],
  ]);
  for (const step of steps) if (!(await step())) return;
}
