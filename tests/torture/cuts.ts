import { Transport } from "../../src/http/transport.ts";
import { parseRegistryHost, tryRepositoryName } from "../../src/oci/reference.ts";
import { readVerified } from "../../src/oci/verify.ts";
import { openRemote } from "../../src/remote/open.ts";
import { blobOf, type Content } from "../../src/testing/artifacts.ts";
import { noise, streamOf } from "../../src/testing/streams.ts";
import { type Direction, type TcpProxy, tcpProxy } from "../../src/testing/tcpProxy.ts";
import type { Bench } from "../bench.ts";
import { faultsOf } from "./faults.ts";
import { pushPlainly } from "./plainClient.ts";
import type { Random } from "./random.ts";

/** A transfer whose connection was cut, and what that cost. */
export interface Cut {
  readonly transfer: string;
  /** Of the blob, in bytes. */
  readonly size: number;
  /** Bytes that went the blob's way in all, heads of requests or answers among them. */
  readonly moved: number;
}

/** What became of transfers whose connections were cut. */
export interface Interrupted {
  readonly done: readonly Cut[];
  /** A sentence for each transfer that did not end well. */
  readonly faults: readonly string[];
}

/** Ways to move a blob, with the direction that its bytes go. */
const transfers: Record<
  string,
  {
    readonly way: Direction;
    move(via: TcpProxy, host: string, blob: Content, random: Random): Promise<unknown>;
  }
> = {
  "our push": {
    way: "up",
    move: (via, _, { descriptor, bytes }, random) =>
      repository(via.host, random).pushBlob(descriptor, async (from) => streamOf(bytes.subarray(from))),
  },
  "our pull": {
    way: "down",
    move: async (via, host, { descriptor, bytes }, random) => {
      await repository(host, random).pushBlob(descriptor, async (from) => streamOf(bytes.subarray(from)));
      await readVerified(await repository(via.host, random).blob(descriptor), descriptor);
    },
  },
  "one body of a plain client": {
    way: "up",
    move: ({ host }, _, blob) => pushPlainly(`http://${host}`, "cut/here", blob, Number.POSITIVE_INFINITY),
  },
  "chunks of a plain client": {
    way: "up",
    move: ({ host }, _, blob) => pushPlainly(`http://${host}`, "cut/here", blob, 256 * 1024),
  },
};

/** The repository that all push to. Its client waits for a moment at random between tries, as others do for longer. */
const repository = (host: string, random: Random) =>
  openRemote(
    { registry: parseRegistryHost(host), repository: tryRepositoryName("cut/here")! },
    { transport: new Transport({ userAgent: "cuts", sleep: () => Bun.sleep(random.fraction() * 40) }) },
  );

/**
 * Blobs through the built binary's registry, some at once, the connection of each cut once, at any byte of its heads and bodies, on
 * its way there or back: each must arrive whole by going on, and leave nothing behind that a check finds wrong.
 * @param cuts how many connections are cut; a transfer that ends before its cut is not counted
 */
export async function cutConnections(
  bench: Bench,
  { cuts, random }: { readonly cuts: number; readonly random: Random },
): Promise<Interrupted> {
  const registry = await bench.chartroom();
  const done: Cut[] = [];
  const faults: string[] = [];
  let turn = 0;
  const lane = async () => {
    while (done.length < cuts && faults.length === 0) {
      const seed = turn++;
      try {
        const cut = await interrupted(registry.host, seed, random);
        if (cut !== undefined && done.length < cuts) done.push(cut);
      } catch (error) {
        faults.push(`transfer ${seed}: ${error}`);
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  faults.push(...(await faultsOf(bench, registry)));
  return { done, faults };
}

/** One transfer of a blob of its own, cut somewhere. Gives undefined where it ended before that. */
async function interrupted(host: string, seed: number, random: Random): Promise<Cut | undefined> {
  const [transfer, { way, move }] = random.of(Object.entries(transfers));
  // Small ones as often as large ones: in them heads are most of what goes over.
  const size = Math.ceil(10 ** (1 + random.fraction() * 5.6));
  const blob = blobOf(noise(size, seed));
  const direction = random.of(["up", "down"] as const);
  const all = direction === way ? size + 1500 : 1000;
  const at = 1 + Math.floor(random.fraction() * all);
  const via = await tcpProxy(host);
  let cut = false;
  void via.cutAfter(at, direction).then(() => {
    cut = true;
  });
  try {
    await move(via, host, blob, random);
    await readVerified(await repository(host, random).blob(blob.descriptor), blob.descriptor);
    return cut ? { transfer, size, moved: via.moved[way] } : undefined;
  } catch (error) {
    throw new Error(`${transfer} of ${size} bytes, cut after ${at} bytes ${direction}: ${error}`);
  } finally {
    await via.stop();
  }
}
