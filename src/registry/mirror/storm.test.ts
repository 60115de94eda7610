import { afterEach, expect, test } from "bun:test";
import { AnsweringServers } from "../../testing/answering.ts";
import { blobOf, pushContent } from "../../testing/artifacts.ts";
import { mirrorOf } from "../../testing/mirrored.ts";
import { refuse, testRegistry } from "../../testing/registry.ts";
import { testServer } from "../../testing/server.ts";
import { noise } from "../../testing/streams.ts";

const closing = new AnsweringServers();
afterEach(() => closing.closeAll());

/** Numbers from 0 to 1, the same on every run. */
function dice(seed: number): () => number {
  const bytes = noise(60_000, seed);
  let at = 0;
  return () => {
    at = (at + 2) % bytes.byteLength;
    return ((bytes[at]! << 8) | bytes[at + 1]!) / 65_536;
  };
}

test("whatever an upstream does, in whatever order it is asked, nobody gets anything wrong and nothing is left", async () => {
  const chance = dice(1);
  let calm = false;
  const upstream = testRegistry((request, { pathname }) => {
    const fate = calm ? 1 : chance();
    if (fate < 0.15) return refuse(503, "UNAVAILABLE");
    if (request.method !== "GET" || !pathname.includes("/blobs/")) return undefined;
    if (fate < 0.25) return new Response(noise(1000, 99));
    return fate < 0.35
      ? new Response(noise(70_000, 98), { headers: { "content-type": "text/html" } })
      : undefined;
  });
  closing.closeLater(() => upstream.stop());
  const sizes = Array.from({ length: 150 }, (_, i) => (i % 30 === 7 ? 4_300_000 + i : (i * 977) % 90_000));
  const blobs = sizes.map((size, i) => blobOf(noise(size, i + 1)));
  for (const blob of blobs) await pushContent(upstream.repository, blob);
  const server = await testServer({ mirrors: [mirrorOf(upstream.host)] });
  closing.closeLater(() => server.dispose());
  const urlOf = (repository: number, { descriptor }: (typeof blobs)[0]) =>
    `${server.url}/v2/r${repository}/blobs/${descriptor.digest}`;

  let whole = 0;
  const client = async (seed: number) => {
    const roll = dice(seed);
    for (let times = 0; times < 60; times++) {
      const blob = blobs[Math.floor(roll() * blobs.length)]!;
      const url = urlOf(Math.floor(roll() * 4), blob);
      const [what, start] = [roll(), Math.floor(roll() * blob.bytes.byteLength)];
      const range: Record<string, string> = what < 0.3 ? { range: `bytes=${start}-` } : {};
      const method = what > 0.9 ? "HEAD" : "GET";
      // A body that breaks off is what a client is told of content that turned out wrong.
      const answer = await fetch(url, { method, headers: range }).catch(() => undefined);
      if (answer === undefined) continue;
      expect([200, 206, 416, 502]).toContain(answer.status);
      if (what > 0.8) await answer.body?.cancel();
      const bytes = answer.bodyUsed ? undefined : await answer.bytes().catch(() => undefined);
      if (method === "HEAD" || bytes === undefined || answer.status > 206) continue;
      const meant = answer.status === 206 ? blob.bytes.subarray(start) : blob.bytes;
      expect(Buffer.compare(bytes, meant)).toBe(0);
      whole++;
    }
  };
  await Promise.all(Array.from({ length: 20 }, (_, i) => client(i + 2)));
  expect(whole).toBeGreaterThan(300);

  calm = true;
  for (const [i, blob] of blobs.entries())
    expect(Buffer.compare(await (await fetch(urlOf(i % 4, blob))).bytes(), blob.bytes)).toBe(0);
  expect(await server.ingests()).toEqual([]);
}, 60_000);
