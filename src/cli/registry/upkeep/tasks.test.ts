import { expect, test } from "bun:test";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blobOf, imageOf } from "../../../testing/artifacts.ts";
import { here } from "../../../testing/commands.ts";
import { type TestData, testData } from "../../../testing/dataDirectory.ts";
import { codeOf } from "../../../testing/errors.ts";
import type { Owned } from "./owned.ts";
import { controlTasks, tasks } from "./tasks.ts";

const never = new AbortController().signal;

const owned = ({ data, registry, blobs, catalog }: TestData): Owned => ({
  ...{ paths: data, registry, store: { blobs, catalog, now: Date.now }, alone: false, grace: 1000 },
});

test("nothing is collected while a backup is made, and everything afterwards", async () => {
  await using it = await testData();
  await it.push(here, imageOf([blobOf("a layer")]));
  const folder = await mkdtemp(join(tmpdir(), "chartroom-tasks-"));
  const tries: Promise<string>[] = [];
  const attempt = () => void tries.push(codeOf(it.registry.collector.run(0)));
  await tasks.backup(owned(it), { to: join(folder, "copy") }, attempt, never);
  expect(new Set(await Promise.all(tries))).toEqual(new Set(["busy"]));
  expect(await codeOf(it.registry.collector.run(0))).toBe("none");
  await rm(folder, { recursive: true });
});

test("a repair takes no blob out of a registry whose blobs are mostly away, as where their disk is not mounted", async () => {
  await using it = await testData();
  const layers = Array.from({ length: 12 }, (_, at) => blobOf(`layer ${at}`));
  await it.push(here, imageOf(layers));
  const { digest } = layers[0]!.descriptor;
  const repaired = async () => {
    const told: unknown[] = [];
    await tasks.check(owned(it), { shallow: true, repair: true }, (each) => told.push(each), never);
    return told.filter((each) => JSON.stringify(each).includes(`"repaired"`)).length;
  };
  await rename(it.data.blobs, `${it.data.blobs}-away`);
  expect(await repaired()).toBe(0);
  expect(await it.registry.repository(here).stat({ digest })).toBe(7);
  await rename(`${it.data.blobs}-away`, it.data.blobs);
  await rm(it.blobPath(digest));
  expect(await repaired()).toBe(1);
  expect(await it.registry.repository(here).stat({ digest })).toBeUndefined();
});

test("what comes from outside is looked at", async () => {
  await using it = await testData();
  const noted: string[] = [];
  const asked = controlTasks(owned(it), (message) => noted.push(message));
  const task = (name: string, options: unknown) =>
    codeOf(Promise.resolve(asked.get(name)?.(options, () => {}, never)));
  expect(await task("check", undefined)).toBe("usage");
  expect(await task("backup", {})).toBe("usage");
  expect(await task("backup", { to: "copy" })).toBe("usage");
  expect(await task("gc", { now: true })).toBe("none");
  expect(noted.at(-1)).toBe('gc was asked for over the control socket: {"now":true}');
});
