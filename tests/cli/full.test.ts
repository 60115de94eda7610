import { expect } from "bun:test";
import { blobOf, imageOf } from "../../src/testing/artifacts.ts";
import { noise } from "../../src/testing/streams.ts";
import { asking, Witness } from "../../src/testing/witness.ts";
import { onDisk } from "./disk.ts";
import { started } from "./serving.ts";

onDisk(
  "a full disk loses nothing that was acknowledged and still takes deletes, and room is all it wants",
  "size=7m",
  async (bench, remount) => {
    const server = await started(bench, ["--addr", "127.0.0.1:0", "--data", "disk/data"]);
    await using stack = new AsyncDisposableStack();
    // Before the disk goes, whatever happens.
    stack.defer(async () => void (await server.stop()));
    const witness = new Witness(asking(server.url), "full");
    const push = async (seed: number) => {
      const image = imageOf([blobOf(noise(100_000, seed))]);
      for (const blob of image.blobs) if (!(await witness.blob(blob, "session"))) return false;
      return witness.manifest(image, `v${seed}`);
    };
    let pushed = 0;
    while (await push(pushed)) pushed++;
    expect(pushed).toBeGreaterThan(2);
    // Rows too find no room now, whatever was the last to find some.
    const bare = (n: number) => imageOf([], { annotations: { n: `${n}` } }, blobOf(noise(100_000, 0)));
    for (let n = 0; await witness.manifest(bare(n), `bare${n}`); ) n++;
    expect(await push(pushed)).toBe(false);
    const { descriptor, bytes } = blobOf(noise(100_000, pushed));
    const url = `${server.url}/v2/full/blobs/uploads/?digest=${descriptor.digest}`;
    const answer = await fetch(url, { method: "POST", body: bytes as Uint8Array<ArrayBuffer> });
    expect([answer.status, await answer.text()]).toEqual([507, expect.stringContaining("disk is full")]);
    for (let n = 0; n < pushed; n++) expect(await witness.remove(`manifests/v${n}`)).toBe(true);
    expect(await push(pushed)).toBe(false);
    expect(await witness.lost()).toEqual([]);
    expect(server.said()).not.toContain("until chartroom is started again");
    remount("size=64m");
    expect(await push(pushed)).toBe(true);
    expect(await witness.lost()).toEqual([]);
  },
);

onDisk("a full disk gets room again by deletes and collection alone", "size=8m", async (bench) => {
  const server = await started(bench, ["--addr", "127.0.0.1:0", "--data", "disk/data"], {
    REGISTRY_STORAGE_MAINTENANCE_COLLECTION_GRACE: "1s",
  });
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => void (await server.stop()));
  const witness = new Witness(asking(server.url), "full", { collected: true });
  const push = async (seed: number) => {
    const image = imageOf([blobOf(noise(100_000, seed))]);
    for (const blob of image.blobs) if (!(await witness.blob(blob, "whole"))) return false;
    return witness.manifest(image, `v${seed}`);
  };
  let pushed = 0;
  while (await push(pushed)) pushed++;
  expect(pushed).toBeGreaterThan(5);
  for (let n = 1; n < pushed; n++) {
    expect(await witness.remove(`manifests/v${n}`)).toBe(true);
    expect(await witness.remove(`manifests/${imageOf([blobOf(noise(100_000, n))]).descriptor.digest}`)).toBe(
      true,
    );
  }
  // No sooner than the grace period is over; as soon as there is room.
  while (!(await push(pushed))) await Bun.sleep(100);
  expect(await witness.lost()).toEqual([]);
  expect(server.said()).not.toContain("until chartroom is started again");
});
