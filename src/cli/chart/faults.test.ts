// Commands as users type them, over a file system that fails: each call of a clean run fails once, in several ways, and
// after each of them the power goes.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cp, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLayout } from "../../layout/layout.ts";
import { parseTag } from "../../oci/reference.ts";
import { sampleChart, writeChart } from "../../testing/charts.ts";
import { type Played, play } from "../../testing/context.ts";
import { type Fault, TestFileSystem } from "../../testing/filesystem.ts";
import { type TestRegistry, testRegistry } from "../../testing/registry.ts";

let base = "";
/** Holds what the pulls are after. */
let source: TestRegistry;
/** Is pushed to, and empty at the start of each run. */
let target: TestRegistry;
/** Two charts that differ, as directories beside the store. */
const charts = { first: sampleChart(), second: sampleChart({ "values.yaml": "replicas: 2\n" }) };
const nameOf = (tag: string) => `${target.host}/team/mychart:${tag}`;
const remote = () => `${source.host}/team/mychart:remote`;

interface Scene {
  readonly argv: () => readonly string[];
  /** Where it starts: at the seed unless it is told to start at nothing. */
  readonly from?: "nothing";
  /** What must hold in the end beside the names in the store. */
  readonly finally?: (store: string) => Promise<void>;
}

/** The manifest that the push's tag holds; its blobs are there, since the tag comes last. */
const pushed = async () => {
  const held = await target.repository.manifest(parseTag("kept"));
  if (held === undefined) return undefined;
  const { config, layers } = JSON.parse(new TextDecoder().decode(held.bytes));
  for (const blob of [config, ...layers]) expect(await target.repository.has(blob)).toBe(true);
  return held.descriptor.digest;
};

const scenes: Record<string, Scene> = {
  "save into nothing": { argv: () => ["save", "first", nameOf("new")], from: "nothing" },
  save: { argv: () => ["save", "second", nameOf("new")] },
  "save over another chart": { argv: () => ["save", "second", nameOf("kept")] },
  pull: { argv: () => ["pull", remote()] },
  push: {
    argv: () => ["push", nameOf("kept")],
    finally: async () => expect(await pushed()).toStartWith("sha256:"),
  },
  tag: { argv: () => ["tag", nameOf("kept"), nameOf("stable")] },
  remove: { argv: () => ["remove", nameOf("gone")] },
  prune: {
    argv: () => ["prune"],
    finally: async (store) => expect(await readdir(join(store, "blobs", "sha256"))).toHaveLength(3),
  },
};

/** A place of one run: charts and a store on a file system of its own. */
interface Place {
  readonly root: string;
  readonly fs: TestFileSystem;
}

let count = 0;
async function place({ from }: Scene): Promise<Place> {
  const root = join(base, `place-${count++}`);
  await cp(join(base, from ?? "seed"), root, { recursive: true });
  target.repository.clear();
  return { root, fs: await TestFileSystem.over(root) };
}

const run = (root: string, argv: readonly string[], fs?: TestFileSystem): Promise<Played> =>
  play(["chart", ...argv, "--store", "store/cache", "--no-progress"], { cwd: root, ...(fs && { fs }) });

/** What the store names, by digest. */
async function namesIn(root: string): Promise<Record<string, string | undefined>> {
  const { entries } = await openLayout(join(root, "store/cache")).index();
  return Object.fromEntries(entries.map(({ name, descriptor }) => [name, descriptor?.digest]));
}

const expectWhole = async (root: string) =>
  expect(await run(root, ["check"])).toMatchObject({ exitCode: 0, stderr: "" });

/** What a command says that could not do its work: a sentence of ours, no stack, no "unexpected". */
function expectExplained({ exitCode, stderr }: Played): void {
  if (exitCode === 0) return;
  expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^Error: Cannot /)]);
}

/** No file is left open. A body that is given up closes its file a moment after the command has ended. */
async function expectClosed(fs: TestFileSystem): Promise<void> {
  for (let tries = 0; fs.openFiles > 0 && tries < 100; tries++) await Bun.sleep(10);
  expect(fs.openFiles).toBe(0);
}

/** The command once more, on a good disk: it does its work, whatever was left. */
async function expectRepeat(scene: Scene, root: string, after: unknown): Promise<void> {
  const again = await run(root, scene.argv());
  // Removing what an interrupted run has already removed finds nothing.
  if (again.exitCode !== 3) expect(again).toMatchObject({ exitCode: 0 });
  expect(await namesIn(root)).toEqual(after as never);
  await expectWhole(root);
  await scene.finally?.(join(root, "store/cache"));
}

beforeAll(async () => {
  [source, target] = [testRegistry(), testRegistry()];
  base = await mkdtemp(join(tmpdir(), "chartroom-command-faults-"));
  for (const where of ["nothing", "seed"]) {
    for (const [name, files] of Object.entries(charts)) await writeChart(join(base, where, name), files);
    await mkdir(join(base, where, "store"));
  }
  await cp(join(base, "nothing"), join(base, "filling"), { recursive: true });
  const steps: [where: string, ...argv: string[]][] = [
    ["filling", "save", "second", remote()],
    ["filling", "push", remote()],
    ["seed", "save", "first", nameOf("kept")],
    ["seed", "save", "second", nameOf("gone")],
    ["seed", "remove", nameOf("gone")],
    ["seed", "save", "first", nameOf("gone")],
  ];
  for (const [where, ...argv] of steps)
    expect(await run(join(base, where), argv)).toMatchObject({ exitCode: 0 });
});
afterAll(async () => {
  await Promise.all([source.stop(), target.stop()]);
  await rm(base, { recursive: true, force: true });
});

/** How calls fail, one after the other. */
const codes = ["EIO", "ENOSPC", "EACCES"];
const faultsOf = (at: number, name: string): Fault[] => [
  { code: codes[at % codes.length]! },
  ...(name === "writev" ? [{ code: "ENOSPC", short: true }] : []),
];

for (const [name, scene] of Object.entries(scenes)) {
  describe(name, () => {
    let before: unknown;
    let after: unknown;
    let calls: TestFileSystem["calls"];

    beforeAll(async () => {
      const { root, fs } = await place(scene);
      before = await namesIn(root);
      expect(await run(root, scene.argv(), fs)).toMatchObject({ exitCode: 0 });
      after = await namesIn(root);
      calls = [...fs.calls];
    });

    test("whichever call fails, the store is whole and a repeat succeeds", async () => {
      let failed = 0;
      for (const [fatal, call] of calls.entries())
        for (const fault of faultsOf(fatal, call.name)) {
          const { root, fs } = await place(scene);
          fs.fault = (index) => (index === fatal ? fault : undefined);
          const played = await run(root, scene.argv(), fs);
          expectExplained(played);
          await expectClosed(fs);
          expect([before, after]).toContainEqual(await namesIn(root));
          if (played.exitCode === 0) expect(await namesIn(root)).toEqual(after as never);
          await expectWhole(root);
          await pushed();
          await expectRepeat(scene, root, after);
          await rm(root, { recursive: true });
          failed++;
        }
      expect(failed).toBeGreaterThan(10);
      console.log(`chart ${name}: ${calls.length} calls, ${failed} faults`);
    }, 120_000);

    test("wherever the power fails, what is named is whole, and what was answered is there", async () => {
      for (let last = 0; last <= calls.length; last++) {
        const { root, fs } = await place(scene);
        fs.fault = (index) => (index >= last ? { code: "EIO" } : undefined);
        const played = await run(root, scene.argv(), fs);
        for (const entries of ["synced", "all"] as const) {
          const left = join(base, `left-${count++}`);
          await fs.afterPowerLoss(left, entries);
          const names = await namesIn(left);
          expect(played.exitCode === 0 ? [after] : [before, after]).toContainEqual(names);
          await expectWhole(left);
          await expectRepeat(scene, left, after);
          await rm(left, { recursive: true });
        }
        await rm(root, { recursive: true });
      }
      console.log(`chart ${name}: ${calls.length + 1} power cuts, two disks each`);
    }, 120_000);
  });
}
