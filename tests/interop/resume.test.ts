import { expect } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { tcpProxy } from "../../src/testing/tcpProxy.ts";
import type { Bench } from "../bench.ts";
import { interop } from "./support.ts";

const megabyte = 1_000_000;

/** A chart of 20 MB in the store, under `ref`. */
async function saveLarge(bench: Bench, ref: string): Promise<void> {
  await mkdir(bench.path("large", "files"), { recursive: true });
  await writeFile(bench.path("large", "Chart.yaml"), "name: large\nversion: 1.0.0\n");
  for (let i = 0; i < 5; i++)
    await writeFile(bench.path("large", "files", `${i}`), randomBytes(4 * megabyte));
  await bench.done("chartroom", ["chart", "save", "large", ref]);
}
const removed = (bench: Bench, ref: string) => bench.done("chartroom", ["chart", "remove", ref]);

interop(
  "docker-registry loses what it had of a push that is cut or killed; we begin anew and end well",
  ["docker-registry"],
  async (bench) => {
    const { host } = await bench.distribution();
    const proxy = await tcpProxy(host);
    try {
      for (const killed of [false, true]) {
        const ref = `${proxy.host}/large/${killed ? "killed" : "cut"}:1`;
        await saveLarge(bench, ref);
        const broken = killed ? proxy.holdAfter(12 * megabyte, "up") : proxy.cutAfter(12 * megabyte, "up");
        const running = bench.start("chartroom", ["chart", "push", ref]);
        await broken;
        if (killed) {
          running.kill("SIGKILL");
          await running.ended;
          await bench.done("chartroom", ["chart", "push", ref]);
        } else expect(await running.ended).toMatchObject({ exitCode: 0 });
        await removed(bench, ref);
        await bench.done("chartroom", ["chart", "prune"]);
        await bench.done("chartroom", ["chart", "pull", ref]);
      }
      expect(await readdir(bench.path("home/.local/state/chartroom/uploads"))).toEqual([]);
    } finally {
      await proxy.stop();
    }
  },
);

interop(
  "a pull from docker-registry that is cut goes on where it was",
  ["docker-registry"],
  async (bench) => {
    const { host } = await bench.distribution();
    const proxy = await tcpProxy(host);
    try {
      const ref = `${proxy.host}/large/chart:1`;
      await saveLarge(bench, ref);
      await bench.done("chartroom", ["chart", "push", ref]);
      await removed(bench, ref);
      await bench.done("chartroom", ["chart", "prune"]);
      const before = proxy.moved.down;
      const cut = proxy.cutAfter(12 * megabyte, "down");
      const running = bench.start("chartroom", ["chart", "pull", ref]);
      await cut;
      expect(await running.ended).toMatchObject({ exitCode: 0 });
      expect(proxy.moved.down - before).toBeLessThan(22 * megabyte);
    } finally {
      await proxy.stop();
    }
  },
);
