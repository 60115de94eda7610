import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blobOf, imageOf } from "../../testing/artifacts.ts";
import { nameOf } from "../../testing/commands.ts";
import { DistributionData, fingerprint } from "../../testing/distribution.ts";
import { failureOf } from "../../testing/errors.ts";
import { openServed } from "./served.ts";
import { registrySettings } from "./settings.ts";

let folder = "";
let there: DistributionData;
const chart = imageOf([blobOf("a chart")]);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chartroom-served-"));
  there = new DistributionData(join(folder, "old"));
  await there.push("charts/mychart", chart, "0.1.0");
});
afterEach(() => rm(folder, { recursive: true }));

const open = (
  options: { data: string; readOnly?: boolean },
  signal = new AbortController().signal,
  env: Record<string, string> = {},
) => {
  const place = { env, cwd: folder, platform: "linux", home: folder } as const;
  const warnings: string[] = [];
  const needs = {
    now: Date.now,
    report: () => {},
    signal,
    note: () => {},
    warn: (text: string) => void warnings.push(text),
    mirrors: [],
    notifications: {
      endpoints: [],
      includeReferences: false,
      source: { addr: "here", instanceID: "run" },
      userAgent: "chartroom/test",
      now: Date.now,
      say: () => {},
    },
  };
  return openServed(registrySettings(undefined, options, place), needs);
};

test("a Distribution's data is never opened to be written to", async () => {
  const before = await fingerprint(there.root);
  expect(await failureOf(open({ data: "old" }))).toMatchObject({
    code: "invalid",
    hint: expect.stringContaining(`registry adopt ${there.root}`),
  });
  expect(await fingerprint(there.root)).toBe(before);
});

test("read-only, it is served in place, and even its own blobs cannot be written to", async () => {
  const before = await fingerprint(there.root);
  const { registry, data, close } = await open({ data: "old", readOnly: true });
  expect(data?.root).toBe(there.root);
  const repository = registry.repository(nameOf("charts/mychart"));
  const stored = await repository.manifest(chart.descriptor.digest);
  expect(Buffer.compare(stored!.bytes, chart.bytes)).toBe(0);
  const { descriptor, bytes } = blobOf("more");
  const push = repository.pushBlob(descriptor, async () =>
    new Blob([bytes as Uint8Array<ArrayBuffer>]).stream(),
  );
  expect(await failureOf(push)).toMatchObject({ code: "not_allowed" });
  await close();
  expect(await fingerprint(there.root)).toBe(before);
});

test("its reading can be stopped", async () => {
  const stopped = AbortSignal.abort(new Error("stopped"));
  expect(await failureOf(open({ data: "old", readOnly: true }, stopped))).toMatchObject({
    message: "stopped",
  });
});

test("where sessions are kept for good, what belongs to none goes at the start all the same", async () => {
  const env = { REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_ENABLED: "false" };
  const ingest = join(folder, "ours", "ingest");
  const first = await open({ data: "ours" }, undefined, env);
  const { id } = await first.registry.uploads.open(nameOf("a"), undefined);
  const body = new Blob(["half"]).stream();
  await first.registry.uploads.append({ id, repository: nameOf("a"), user: undefined }, { body });
  await first.close();
  await writeFile(join(ingest, "left-by-a-push"), "half");
  await utimes(join(ingest, id), 1, 1);
  await (await open({ data: "ours", readOnly: true }, undefined, env)).close();
  expect(await readdir(ingest)).toHaveLength(2);
  await (await open({ data: "ours" }, undefined, env)).close();
  expect(await readdir(ingest)).toEqual([id]);
});

test("a directory of ours stays ours, whatever else is put into it", async () => {
  const first = await open({ data: "ours" });
  await first.close();
  await new DistributionData(join(folder, "ours")).push("a", chart, "1");
  const again = await open({ data: "ours" });
  expect(again.keeping).toBe(`Keeping data in ${join(folder, "ours")}`);
  await again.close();
});
