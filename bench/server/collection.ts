import { blobOf, type Content, imageOf } from "../../src/testing/artifacts.ts";
import { noise } from "../../src/testing/streams.ts";
import { type Ask, asking } from "../../src/testing/witness.ts";
import type { Bench } from "../../tests/bench.ts";
import type { Scenario } from "../scenario.ts";

/** Blobs that nothing names, clients that push at once, rounds of both. */
const [garbage, clients, rounds] = [5000, 8, 5];
const setting = "REGISTRY_STORAGE_MAINTENANCE_COLLECTION";

/** What a push of an image of two blobs takes at the worst while a registry collects, and while it does not. */
export const collection: Scenario = {
  name: "server: collection",
  needs: [],
  async run(bench) {
    const [busy, idle]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      const { p99, took } = await pushing(bench, undefined);
      busy.push(p99);
      idle.push((await pushing(bench, took)).p99);
    }
    return [
      {
        scenario: `p99 of a push while ${garbage} blobs are collected`,
        unit: "ms",
        ours: busy,
        peer: { name: "without", samples: idle },
        note: `${clients} clients at once, each push two blobs and a manifest, all synced; until the last blob is gone, and as long without`,
        goal: { atMost: 2, of: "ratio" },
      },
    ];
  },
};

/**
 * Fill a registry with garbage, start it again, and push.
 * @param duration how long, in ms, with collection off; unsaid, with collection on, until it is through
 * @returns in ms
 */
async function pushing(bench: Bench, duration: number | undefined): Promise<{ p99: number; took: number }> {
  const env: Record<string, string> = { [`${setting}_ENABLED`]: "false", [`${setting}_GRACE`]: "2s" };
  const registry = await bench.chartroom([], env);
  const ask = asking(`http://${registry.host}`);
  const blob = (seed: number) => blobOf(noise(2000, seed));
  await each(garbage, (number) => send(ask, "garbage", blob(number + 1)));
  await registry.stop();
  env[`${setting}_ENABLED`] = String(duration === undefined);
  await registry.restart();

  const times: number[] = [];
  const start = performance.now();
  let over = false;
  const watching = async () => {
    if (duration !== undefined) await Bun.sleep(duration);
    // The youngest goes last. A GET does not renew it.
    else while (await isThere(ask, "garbage", blob(garbage))) await Bun.sleep(20);
    over = true;
  };
  const pushingAll = each(Number.POSITIVE_INFINITY, async (number) => {
    if (over) return false;
    const began = performance.now();
    await push(ask, `charts/${number % clients}`, imageOf([blob(-number - 1)]));
    times.push(performance.now() - began);
    return true;
  });
  await Promise.all([watching(), pushingAll]);
  const took = performance.now() - start;
  await registry.stop();
  return { p99: times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)]!, took };
}

/** Do `work` for each number below `count`, `clients` at once, until one gives false. */
async function each(count: number, work: (number: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const hand = async () => {
    while (next < count) if ((await work(next++)) === false) return;
  };
  await Promise.all(Array.from({ length: clients }, hand));
}

async function push(ask: Ask, repository: string, image: ReturnType<typeof imageOf>): Promise<void> {
  for (const part of image.blobs) await send(ask, repository, part);
  const { bytes, descriptor } = image;
  await acknowledged(
    ask,
    `PUT /v2/${repository}/manifests/${descriptor.digest}`,
    bytes,
    descriptor.mediaType,
  );
}

const send = (ask: Ask, repository: string, { bytes, descriptor }: Content): Promise<void> =>
  acknowledged(ask, `POST /v2/${repository}/blobs/uploads/?digest=${descriptor.digest}`, bytes);

async function acknowledged(ask: Ask, line: string, body: Uint8Array, type?: string): Promise<void> {
  const answer = await ask(line, body, type);
  await answer.body?.cancel();
  if (answer.status !== 201) throw new Error(`${line} was answered ${answer.status}`);
}

async function isThere(ask: Ask, repository: string, { descriptor }: Content): Promise<boolean> {
  const answer = await ask(`GET /v2/${repository}/blobs/${descriptor.digest}`);
  await answer.body?.cancel();
  return answer.status === 200;
}
