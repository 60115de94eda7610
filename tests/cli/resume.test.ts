import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { rawEntry, rawTar } from "../../src/testing/archives.ts";
import { type Direction, type TcpProxy, tcpProxy } from "../../src/testing/tcpProxy.ts";
import { type Bench, type Registry, withBench } from "../bench.ts";

/** Bytes after which the way breaks, of a chart of 100 MB, and bytes that the repeat may move at most. */
const [broken, repeated] = [60_000_000, 45_000_000];
const saved = "localhost:5000/my/large:1";

let folder = "";
const store = () => join(folder, "store");

/** A chart as large as Helm's limits let it be, of bytes that nothing packs smaller, in a store that all tests push from. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chartroom-resume-"));
  const files = Array.from({ length: 20 }, (_, i) =>
    rawEntry({ name: `large/files/${i}`, content: randomBytes(5_000_000) }),
  );
  const tar = rawTar([
    rawEntry({ name: "large/Chart.yaml", content: "name: large\nversion: 1.0.0\n" }),
    ...files,
  ]);
  await writeFile(join(folder, "large.tgz"), gzipSync(tar, { level: 0 }));
  await withBench((bench) =>
    bench.done("chartroom", ["chart", "save", join(folder, "large.tgz"), saved, "--store", store()]),
  );
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Scene {
  readonly bench: Bench;
  readonly server: Registry;
  readonly proxy: TcpProxy;
  /** The words of the command that moves the chart over the proxy. */
  readonly move: readonly string[];
}

const scenes: Record<
  "push" | "pull",
  { direction: Direction; prepare(scene: Omit<Scene, "move">): Promise<Scene> }
> = {
  push: {
    direction: "up",
    async prepare({ bench, server, proxy }) {
      const ref = `${proxy.host}/my/large:1`;
      await bench.done("chartroom", ["chart", "tag", saved, ref, "--store", store()]);
      return { bench, server, proxy, move: ["chart", "push", ref, "--store", store()] };
    },
  },
  pull: {
    direction: "down",
    async prepare({ bench, server, proxy }) {
      const ref = `${server.host}/my/large:1`;
      await bench.done("chartroom", ["chart", "tag", saved, ref, "--store", store()]);
      await bench.done("chartroom", ["chart", "push", ref, "--store", store()]);
      const move = ["chart", "pull", `${proxy.host}/my/large:1`, "--store", bench.path("pulled")];
      return { bench, server, proxy, move };
    },
  },
};

/** Files that are left in a folder for a later run; of their locks nothing is said. */
const leftIn = async (path: string): Promise<string[]> =>
  (await readdir(path).catch(() => [])).filter((each) => !each.endsWith(".lock"));
const sessionsOf = (bench: Bench) => bench.path("home/.local/state/chartroom/uploads");

/**
 * Wait until nearly all that was handed on is where it survives its process, in bytes: what our server says it has, or the
 * file in the layout. What came last may still be in the hands of the process, or of the sockets on its way.
 */
async function untilKept(verb: string, bench: Bench, server: Registry): Promise<void> {
  const kept = verb === "push" ? () => offsetAt(bench, server) : () => partOf(bench.path("pulled/ingest"));
  const giveUp = Date.now() + 20_000;
  while ((await kept()) < broken - 4_000_000 && Date.now() < giveUp) await Bun.sleep(20);
}

async function offsetAt(bench: Bench, server: Registry): Promise<number> {
  const [file = ""] = await leftIn(sessionsOf(bench));
  const { location } = JSON.parse(await readFile(join(sessionsOf(bench), file), "utf8"));
  const { headers } = await fetch(`http://${server.host}${new URL(location).pathname}`);
  return Number(headers.get("upload-offset"));
}

async function partOf(ingest: string): Promise<number> {
  const [file = ""] = (await leftIn(ingest)).filter((each) => /^sha256-[0-9a-f]{64}$/.test(each));
  return (await stat(join(ingest, file))).size;
}

for (const [verb, { direction, prepare }] of Object.entries(scenes)) {
  const scene = (name: string, play: (scene: Scene) => Promise<void>) =>
    test(
      name,
      () =>
        withBench(async (bench) => {
          const server = await bench.chartroom();
          const proxy = await tcpProxy(server.host);
          try {
            const prepared = await prepare({ bench, server, proxy });
            await play(prepared);
            // It is all there, verified on the way, and nothing is left behind.
            expect(await leftIn(sessionsOf(bench))).toEqual([]);
            expect(await leftIn(bench.path("pulled/ingest"))).toEqual([]);
            if (verb === "pull")
              await bench.done("chartroom", ["chart", "check", "--store", bench.path("pulled")]);
            expect(JSON.parse(await bench.done("chartroom", [...prepared.move, "-o", "json"]))).toMatchObject(
              {
                status: verb === "push" ? "exists" : "current",
              },
            );
          } finally {
            await proxy.stop();
          }
        }),
      120_000,
    );
  /** That from here on at most so much is moved until `work` is through. */
  const cheaply = async ({ moved }: TcpProxy, work: () => Promise<unknown>) => {
    const before = moved[direction];
    await work();
    expect(moved[direction] - before).toBeLessThanOrEqual(repeated);
    expect(moved[direction]).toBeGreaterThan(100_000_000);
  };

  describe(`a ${verb} that breaks at 60 %`, () => {
    scene("goes on by itself when the connection is cut", async ({ bench, proxy, move }) => {
      const cut = proxy.cutAfter(broken, direction);
      const running = bench.start("chartroom", move);
      await cut;
      await cheaply(proxy, async () => expect((await running.ended).exitCode).toBe(0));
    });

    for (const [signal, exitCode] of [
      ["SIGKILL", 137],
      ["SIGINT", 130],
    ] as const)
      scene(`goes on when it is run again after ${signal}`, async ({ bench, server, proxy, move }) => {
        const held = proxy.holdAfter(broken, direction);
        const running = bench.start("chartroom", move);
        await held;
        await untilKept(verb, bench, server);
        running.kill(signal);
        const ended = await running.ended;
        expect(ended.exitCode).toBe(exitCode);
        if (signal === "SIGINT") expect(ended.stderr).toContain("Run it again to go on");
        for (const name of await leftIn(sessionsOf(bench)))
          expect((await stat(join(sessionsOf(bench), name))).mode & 0o777).toBe(0o600);
        await cheaply(proxy, () => bench.done("chartroom", move));
      });

    scene(
      "is no trouble for another that moves the same at the same time",
      async ({ bench, proxy, move }) => {
        const held = proxy.holdAfter(broken, direction);
        const first = bench.start("chartroom", move);
        await held;
        // The first one is at its session, or its part, and stands still: the second one has its own.
        await bench.done("chartroom", move);
        first.kill("SIGINT");
        expect((await first.ended).exitCode).toBe(130);
        // What the first one left nobody needs any more: a session ends by itself, and a part by a prune.
        await rm(sessionsOf(bench), { recursive: true, force: true });
        await bench.done("chartroom", ["chart", "prune", "--store", bench.path("pulled")]);
      },
    );

    scene(
      "goes on by itself when the server is killed and comes back",
      async ({ bench, server, proxy, move }) => {
        const held = proxy.holdAfter(broken, direction);
        const running = bench.start("chartroom", move);
        await held;
        await untilKept(verb, bench, server);
        await cheaply(proxy, async () => {
          await server.kill();
          await server.restart();
          expect((await running.ended).exitCode).toBe(0);
        });
      },
    );

    scene("goes on when both sides were killed", async ({ bench, server, proxy, move }) => {
      const held = proxy.holdAfter(broken, direction);
      const running = bench.start("chartroom", move);
      await held;
      await untilKept(verb, bench, server);
      await server.kill();
      running.kill("SIGKILL");
      await running.ended;
      await server.restart();
      await cheaply(proxy, () => bench.done("chartroom", move));
    });
  });
}
