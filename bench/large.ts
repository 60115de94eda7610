// A large artifact through push and pull: time, and the peak memory of client and server. Linux only, since it reads /proc.
//
//   npm run build && runtime/node_modules/.bin/bun bench/large.ts [GB, 2 unless told]
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Transport } from "../src/http/transport.ts";
import { type Layout, openLayout } from "../src/layout/layout.ts";
import { LayoutReads } from "../src/layout/repository.ts";
import { writing } from "../src/layout/write.ts";
import { copy } from "../src/oci/copy.ts";
import { type Descriptor, describe } from "../src/oci/descriptor.ts";
import { Digester } from "../src/oci/digest.ts";
import { jsonBytes } from "../src/oci/json.ts";
import { mediaTypes } from "../src/oci/mediaTypes.ts";
import { parseReference, parseTag, repositoryOf } from "../src/oci/reference.ts";
import { openRemote } from "../src/remote/open.ts";

const block = 1024 * 1024;
const tag = parseTag("1");
const source = "localhost/large/artifact";
const chartroom = join(import.meta.dir, "../dist/chartroom");

/** Bytes of the artifact's one layer from an offset on: no two blocks alike, the same on every run. */
function bytesFrom(offset: number, size: number): ReadableStream<Uint8Array> {
  const seed = new Uint8Array(block).map((_, i) => (i * 2654435761) >>> 13);
  let at = offset;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (at >= size) return controller.close();
        const start = at % block;
        const piece = seed.slice(start, start + Math.min(block - start, size - at));
        new DataView(piece.buffer).setFloat64(0, Math.floor(at / block));
        at += piece.byteLength;
        controller.enqueue(piece);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Put an artifact with one layer of `size` bytes into a layout. */
async function makeArtifact(layout: Layout, size: number): Promise<void> {
  const digester = new Digester();
  for await (const piece of bytesFrom(0, size)) digester.update(piece);
  const layer: Descriptor = { mediaType: mediaTypes.octets, digest: digester.digest(), size };
  const empty = new TextEncoder().encode("{}");
  const config = describe(empty, "application/vnd.oci.empty.v1+json");
  const manifest = jsonBytes({ schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [layer] });
  await writing(layout, undefined, async (writer) => {
    const repository = writer.repository(source);
    await repository.pushBlob(config, async (from) => new Blob([empty.slice(from)]).stream());
    await repository.pushBlob(layer, async (from) => bytesFrom(from, size));
    const descriptor = describe(manifest, mediaTypes.manifest);
    await repository.pushManifest(descriptor, manifest, { tags: [tag], expect: "any" });
  });
}

const peakOf = async (pid: number): Promise<string> => {
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? [];
  return `${Math.round(Number(kilobytes) / 1024)} MiB`;
};

/** What a child of this bench does: one direction, in a process of its own, so that its peak is its own. */
async function move(direction: string, folder: string, host: string): Promise<void> {
  const reference = parseReference(`${host}/large/artifact`);
  const remote = openRemote(reference, { transport: new Transport({ userAgent: "chartroom-bench" }) });
  const to = { tags: [tag], expect: "any" } as const;
  if (direction === "push") {
    const reads = new LayoutReads(openLayout(join(folder, "from")), source);
    await copy(reads, remote, (await reads.manifest(tag))!, to);
  } else {
    const root = (await remote.manifest(tag))!;
    await writing(openLayout(join(folder, "to")), undefined, (writer) =>
      copy(remote, writer.repository(repositoryOf(reference)), root, to),
    );
  }
  process.stdout.write(await peakOf(process.pid));
}

async function measure(size: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "chartroom-large-"));
  const server = Bun.spawn(
    [chartroom, "registry", "serve", "--addr", "127.0.0.1:0", "--data", join(folder, "data")],
    { stdin: "ignore", stdout: "ignore", stderr: "pipe" },
  );
  try {
    let said = "";
    const reader = server.stderr.getReader();
    while (!said.includes("Next: ")) said += new TextDecoder().decode((await reader.read()).value);
    const { host } = new URL(/Listening on (\S+)/.exec(said)?.[1] ?? "");
    const idle = await peakOf(server.pid);
    await makeArtifact(openLayout(join(folder, "from")), size);
    for (const direction of ["push", "pull"]) {
      const began = performance.now();
      const child = Bun.spawn([process.execPath, import.meta.path, direction, folder, host], {
        stdin: "ignore",
        stderr: "inherit",
      });
      const client = await new Response(child.stdout).text();
      if ((await child.exited) !== 0) throw new Error(`${direction} failed`);
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      console.log(
        `${direction} of ${size} bytes: ${seconds} s, peak memory: client ${client}, server ${await peakOf(server.pid)} (${idle} idle)`,
      );
    }
  } finally {
    server.kill();
    await server.exited;
    await rm(folder, { recursive: true, force: true });
  }
}

const [first = "2", ...place] = process.argv.slice(2);
if (place.length === 2) await move(first, place[0]!, place[1]!);
else await measure(Math.round(Number(first) * 1e9));
