import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { LayoutIndex } from "../../src/layout/index.ts";
import { digestOf, hexOf } from "../../src/oci/digest.ts";
import { noise } from "../../src/testing/streams.ts";
import { alternate, type Taken, take } from "../measure.ts";
import type { Scenario } from "../scenario.ts";

const [blobs, size] = [64, 8 * 1024 * 1024];

/** `check` reads and hashes everything: beside it, the plainest program that does the same. */
export const check: Scenario = {
  name: "client: check",
  needs: [],
  async run(bench) {
    const store = bench.path("store");
    const directory = join(store, "blobs", "sha256");
    await mkdir(directory, { recursive: true });
    for (let i = 1; i <= blobs; i++) {
      const bytes = noise(size, i);
      await Bun.write(join(directory, hexOf(digestOf(bytes))), bytes);
    }
    await Bun.write(join(store, "index.json"), LayoutIndex.empty.bytes());
    await Bun.write(join(store, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    const world = { env: bench.environment(), cwd: bench.folder };
    const plain = "find store/blobs -type f -exec sha256sum {} + > /dev/null";
    const taken = await alternate(5, {
      ours: () => take({ program: "chartroom", args: ["chart", "check", "--store", store], ...world }),
      sha256sum: () => take({ program: "sh", args: ["-c", plain], ...world }),
    });
    const speeds = (each: readonly Taken[]) => each.map(({ time }) => (blobs * size) / 1e6 / (time / 1000));
    return [
      {
        scenario: "check, 64 blobs of 8 MiB",
        unit: "MB/s",
        ours: speeds(taken.ours),
        peer: { name: "sha256sum", samples: speeds(taken.sha256sum) },
        note: "both from the page cache, start included",
        goal: { atLeast: 0.9, of: "ratio" },
      },
    ];
  },
};
