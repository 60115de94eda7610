import { Database } from "bun:sqlite";
import { describe, expect } from "bun:test";
import { chmod, chown, mkdir, readdir, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bench } from "../bench.ts";
import { jsonOf, onBench, refusalOf } from "./cli.ts";
import { blobsOf, Hand, rot, serving } from "./hand.ts";

const registry = (bench: Bench, ...args: string[]) => bench.run("chartroom", ["registry", ...args]);

/** Push with several hands for as long as `work` takes. */
async function underLoad<T>(url: string, work: () => Promise<T>): Promise<{ result: T; pushed: number }> {
  let busy = true;
  let pushed = 0;
  const hands = Array.from({ length: 4 }, (_, hand) => new Hand(url, `load/${hand}`));
  const loads = hands.map(async (hand, at) => {
    for (let turn = 0; busy; turn++) if (await hand.push((at + 1) * 100_000 + turn)) pushed++;
  });
  const result = await work().finally(() => {
    busy = false;
  });
  await Promise.all(loads);
  for (const { witness } of hands) expect(await witness.lost()).toEqual([]);
  return { result, pushed };
}

describe("while the registry serves under load", () => {
  onBench("its data are whole at every check, and no push is lost or refused for it", async (bench) => {
    const server = await serving(bench);
    const { result, pushed } = await underLoad(server.url, async () => {
      const said = [];
      for (let times = 0; times < 4; times++) said.push(await registry(bench, "check", "--data", "data"));
      return said;
    });
    for (const { exitCode, stdout } of result) {
      expect(stdout).toMatch(/^[^\n]* B?.*: whole\n$/);
      expect(exitCode).toBe(0);
    }
    expect(pushed).toBeGreaterThan(0);
    const { manifests } = await jsonOf<{ manifests: number }>(bench, ["registry", "check", "--data", "data"]);
    expect(manifests).toBe(pushed);
    expect(await server.stop()).toBe(0);
  });

  onBench("a backup has all that was told before it, is whole, and is served as it is", async (bench) => {
    const server = await serving(bench);
    const before = new Hand(server.url, "told/before");
    for (let seed = 1; seed <= 5; seed++) expect(await before.push(seed)).toBe(true);
    await underLoad(server.url, async () => {
      for (let times = 0; times < 3; times++) {
        const said = await registry(bench, "backup", "copy", "--data", "data");
        expect(said).toMatchObject({ exitCode: 0, stderr: "" });
      }
    });
    expect(await server.stop()).toBe(0);
    expect(await registry(bench, "check", "--data", "copy")).toMatchObject({ exitCode: 0 });
    await bench.done("chartroom", ["registry", "restore", "copy", "--data", "again"]);
    expect(await registry(bench, "check", "--data", "again")).toMatchObject({ exitCode: 0 });
    for (const data of ["copy", "again"]) {
      const copy = await serving(bench, data);
      before.url = copy.url;
      expect(await before.witness.lost()).toEqual([]);
      expect(await copy.stop()).toBe(0);
    }
  });

  onBench(
    "several commands at once are all answered, and of two backups into one place one waits for none",
    async (bench) => {
      const server = await serving(bench);
      await new Hand(server.url, "a/b").push(1);
      const said = await Promise.all([
        ...[1, 2, 3].map(() => registry(bench, "check", "--data", "data")),
        ...["one", "two"].map((to) => registry(bench, "backup", to, "--data", "data")),
      ]);
      expect(said.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0, 0]);
      const both = await Promise.all([1, 2].map(() => registry(bench, "backup", "one", "--data", "data")));
      for (const each of both)
        if (each.exitCode !== 0)
          expect(refusalOf(each)).toMatchObject({
            exitCode: 5,
            message: expect.stringContaining("is using it"),
          });
      expect(both.map(({ exitCode }) => exitCode)).toContain(0);
      await server.stop();
    },
  );
});

describe("a fault", () => {
  onBench("is named and told by the exit code, whether the registry serves or not", async (bench) => {
    const server = await serving(bench);
    await new Hand(server.url, "a/b").push(1);
    const digest = await rot(bench.path("data"));
    const finding = { level: "fault", where: digest, message: "its bytes are not what its name says" };
    for (const alone of [false, true]) {
      if (alone) await server.stop();
      const human = await registry(bench, "check", "--data", "data");
      expect(human.stdout).toStartWith(`fault: ${digest}: its bytes are not what its name says\n`);
      expect(refusalOf(human)).toMatchObject({ exitCode: 6, message: expect.stringContaining("1 fault") });
      const { stdout } = await registry(bench, "check", "--data", "data", "-o", "json");
      expect(JSON.parse(stdout)).toMatchObject({ status: "faulty", findings: [finding] });
      expect((await registry(bench, "check", "--data", "data", "-q")).stdout).toBe(`${digest}\n`);
      expect((await registry(bench, "check", "--data", "data", "--shallow")).exitCode).toBe(0);
    }
  });

  onBench("in what is restored is told, and all the rest is there", async (bench) => {
    const server = await serving(bench);
    const hand = new Hand(server.url, "a/b");
    await hand.push(1);
    await server.stop();
    await bench.done("chartroom", ["registry", "backup", "copy", "--data", "data"]);
    const digest = await rot(bench.path("copy"));
    const said = await registry(bench, "restore", "copy", "--data", "again");
    expect(said.exitCode).toBe(6);
    expect(said.stdout).toContain(`lost: ${digest}: its bytes are not what its name says\n`);
    expect(await blobsOf(bench.path("again"))).toHaveLength(1);
  });
});

describe("a death", () => {
  onBench("by kill -9 leaves a stale socket, which is in nobody's way", async (bench) => {
    const server = await serving(bench);
    await new Hand(server.url, "a/b").push(1);
    const socket = await stat(bench.path("data", "control.sock"));
    expect([socket.isSocket(), socket.mode & 0o777]).toEqual([true, 0o600]);
    await server.stop("SIGKILL");
    expect(await readdir(bench.path("data"))).toContain("control.sock");
    expect(await registry(bench, "check", "--data", "data")).toMatchObject({ exitCode: 0 });
    const next = await serving(bench);
    expect(await registry(bench, "check", "--data", "data")).toMatchObject({ exitCode: 0 });
    await next.stop();
    expect(await readdir(bench.path("data"))).not.toContain("control.sock");
  });

  for (const whose of ["the registry's", "the command's"])
    onBench(`${whose}, in the middle of a backup, leaves what the next one goes on with`, async (bench) => {
      let server = await serving(bench);
      const hand = new Hand(server.url, "a/b");
      for (let seed = 1; seed <= 60; seed++) await hand.push(seed);
      for (const wait of [0, 5, 10, 20, 40]) {
        const backup = bench.start("chartroom", ["registry", "backup", "copy", "--data", "data"]);
        while (!(await readdir(bench.folder)).includes("copy")) await Bun.sleep(1);
        await Bun.sleep(wait);
        if (whose === "the command's") backup.kill("SIGKILL");
        else {
          await server.stop("SIGKILL");
          const { exitCode } = await backup.ended;
          expect([0, 1]).toContain(exitCode);
          server = await serving(bench);
        }
        await backup.ended;
        const names = await readdir(bench.path("copy"));
        const check = await registry(bench, "check", "--data", "copy");
        if (names.includes("chartroom.json")) expect(check).toMatchObject({ exitCode: 0 });
      }
      await server.stop();
      await bench.done("chartroom", ["registry", "backup", "copy", "--data", "data"]);
      expect(await registry(bench, "check", "--data", "copy")).toMatchObject({ exitCode: 0 });
      const copy = await serving(bench, "copy");
      hand.url = copy.url;
      expect(await hand.witness.lost()).toEqual([]);
      await copy.stop();
    });
});

describe("a check that would take hours", () => {
  /** A registry's data with a blob of 4 TiB, which take no room. */
  async function endless(bench: Bench): Promise<void> {
    const server = await serving(bench);
    await new Hand(server.url, "a/b").push(1);
    await server.stop();
    const name = "0".repeat(64);
    await writeFile(bench.path("data", "blobs", "sha256", name), "");
    await truncate(bench.path("data", "blobs", "sha256", name), 2 ** 42);
    const catalog = new Database(bench.path("data", "catalog.db"));
    catalog.run(`INSERT INTO content (digest) VALUES (X'01${name}')`);
    catalog.run(
      "INSERT INTO blob (repository, content, size, linked) SELECT 1, max(id), 1 << 42, 1 FROM content",
    );
    catalog.close();
  }

  onBench("ends with Ctrl-C, nobody serving", async (bench) => {
    await endless(bench);
    const check = bench.start("chartroom", ["registry", "check", "--data", "data"]);
    while (!(await readdir(bench.path("data"))).includes("catalog.db-wal")) await Bun.sleep(5);
    check.kill("SIGINT");
    expect(refusalOf(await check.ended)).toMatchObject({ exitCode: 130, message: "interrupted" });
    const server = await serving(bench);
    expect(await server.stop()).toBe(0);
  });

  onBench("ends with Ctrl-C on both sides of the socket, and with the registry's own end", async (bench) => {
    await endless(bench);
    const server = await serving(bench);
    const check = (...more: string[]) =>
      bench.start("chartroom", ["registry", "check", "--data", "data", ...more]);
    const interrupted = check();
    await server.until("check was asked for");
    interrupted.kill("SIGINT");
    expect((await interrupted.ended).exitCode).toBe(130);
    const other = check("--repair");
    await server.until('"repair":true');
    expect(await server.stop()).toBe(0);
    expect(refusalOf(await other.ended)).toMatchObject({
      exitCode: 1,
      message: "The registry is stopping",
      hint: "Run it again to go on.",
    });
  });
});

describe("a refusal, with nothing touched:", () => {
  onBench("where there are no data, or only the beginning of a backup", async (bench) => {
    for (const args of [
      ["check", "--data", "none"],
      ["backup", "copy", "--data", "none"],
      ["restore", "none", "--data", "data"],
    ])
      expect(refusalOf(await registry(bench, ...args))).toMatchObject({ exitCode: 3 });
    expect(await readdir(bench.folder)).not.toContain("none");
    await mkdir(bench.path("begun"));
    await writeFile(bench.path("begun", "backup.json"), "{}");
    for (const args of [
      ["check", "--data", "begun"],
      ["restore", "begun", "--data", "data"],
      ["serve", "--data", "begun"],
    ])
      expect(refusalOf(await registry(bench, ...args))).toMatchObject({
        exitCode: 1,
        message: expect.stringContaining("was not finished"),
      });
  });

  onBench("a backup into the data, over something else, or over a registry's own", async (bench) => {
    const server = await serving(bench);
    await new Hand(server.url, "a/b").push(1);
    await symlink(bench.path("data"), bench.path("link"));
    await mkdir(bench.path("thesis"));
    await writeFile(bench.path("thesis", "chapter-1"), "");
    const into = async (to: string) => refusalOf(await registry(bench, "backup", to, "--data", "data"));
    expect((await into("data")).exitCode).toBe(2);
    expect((await into("link/copy")).exitCode).toBe(2);
    expect(await into("thesis")).toMatchObject({
      exitCode: 1,
      message: expect.stringContaining("chapter-1"),
    });
    await bench.done("chartroom", ["registry", "backup", "copy", "--data", "data"]);
    const copy = await serving(bench, "copy");
    expect(await into("copy")).toMatchObject({ exitCode: 5 });
    await copy.stop();
    expect(await into("copy")).toMatchObject({ exitCode: 5, message: expect.stringContaining("own data") });
    const restored = await registry(bench, "restore", "copy", "--data", "data");
    expect(refusalOf(restored).exitCode).toBe(5);
    await server.stop();
  });

  onBench(
    "what another user owns, as root too, so that nothing in it becomes root's; whoever serves it may be asked",
    async (bench) => {
      const server = await serving(bench);
      await new Hand(server.url, "a/b").push(1);
      if (process.getuid?.() === 0) {
        await chown(bench.path("data"), 65534, 65534);
        expect(await registry(bench, "check", "--data", "data")).toMatchObject({ exitCode: 0 });
      }
      await server.stop();
      const before = await readdir(bench.path("data"));
      if (process.getuid?.() !== 0) await chmod(bench.path("data"), 0);
      const said = refusalOf(await registry(bench, "check", "--data", "data"));
      expect(said).toMatchObject({ exitCode: 4, message: expect.stringContaining("another user") });
      if (process.getuid?.() !== 0) await chmod(bench.path("data"), 0o700);
      expect(await readdir(bench.path("data"))).toEqual(before);
    },
  );

  onBench("a registry in memory has nothing to look at", async (bench) => {
    const env = { REGISTRY_STORAGE: "inmemory" };
    const said = await bench.run("chartroom", ["registry", "check"], { env });
    expect(refusalOf(said)).toMatchObject({ exitCode: 2, message: expect.stringContaining("in memory") });
  });
});

onBench(
  "a directory whose path is longer than a socket's may be is reached while it serves",
  async (bench) => {
    const data = join("d".repeat(100), "e".repeat(60));
    await mkdir(bench.path("d".repeat(100)));
    const server = await serving(bench, data);
    expect(server.said()).not.toContain("control.sock");
    expect(await registry(bench, "check", "--data", data)).toMatchObject({ exitCode: 0 });
    await server.stop();
    await rm(bench.path(data), { recursive: true });
  },
);

onBench(
  "where no socket can be made the registry serves all the same, and says what that costs",
  async (bench) => {
    await (await serving(bench)).stop();
    await mkdir(bench.path("data", "control.sock"));
    const server = await serving(bench);
    expect(server.said()).toMatch(/^Warning: .*control\.sock.*work only while this registry is stopped$/m);
    expect(await new Hand(server.url, "a/b").push(1)).toBe(true);
    expect(await server.stop()).toBe(0);
    expect(await registry(bench, "check", "--data", "data")).toMatchObject({ exitCode: 0 });
  },
);
