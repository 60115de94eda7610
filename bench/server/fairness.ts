import { digestOf } from "../../src/oci/digest.ts";
import { blobOf } from "../../src/testing/artifacts.ts";
import { linkBlob, nameOf, putManifest } from "../../src/testing/commands.ts";
import { noise, streamOf } from "../../src/testing/streams.ts";
import { percentile } from "../measure.ts";
import type { Scenario } from "../scenario.ts";
import { Caller } from "./caller.ts";
import { filled } from "./filled.ts";

const rounds = 5;
/** Small requests in a round, alone and beside a pull. */
const requests = 3000;
/** Of the blob that somebody pulls: as in a pull of 2 GB, which begins again until the round is over. */
const size = 256 * 1024 * 1024;

/** What one client's large pull does to another's small requests. */
export const fairness: Scenario = {
  name: "server: fairness",
  needs: [],
  async run(bench) {
    const [small, large] = [
      blobOf('{"mediaType":"application/vnd.example+json"}', "application/vnd.example+json"),
      noise(size),
    ];
    const digest = digestOf(large);
    const repository = nameOf("charts/app");
    const { host } = await filled(bench, async (catalog, blobs) => {
      const ingest = await blobs.ingest("large");
      await ingest.append(streamOf(large, { chunk: 1024 * 1024 }));
      await ingest.commit(digest);
      await ingest.discard();
      await catalog.apply(
        linkBlob(repository, { bytes: large, descriptor: { mediaType: "", digest, size } }),
      );
      await catalog.apply(putManifest(repository, small, ["1"]));
    });
    const caller = await Caller.open(host);
    const measured = async () => {
      const took: number[] = [];
      for (let i = 0; i < requests; i++) {
        const answer = await caller.get(`/v2/${repository}/manifests/1`);
        if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
        took.push(answer.took);
      }
      return percentile(took, 0.99);
    };
    const alone: number[] = [];
    const beside: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      alone.push(await measured());
      const pull = Bun.spawn(
        [process.execPath, `${import.meta.dir}/pull.ts`, `http://${host}/v2/${repository}/blobs/${digest}`],
        {
          stdin: "ignore",
          stdout: "pipe",
        },
      );
      await pull.stdout.getReader().read(); // it is at it
      beside.push(await measured());
      if (pull.exitCode !== null) throw new Error("the pull ended");
      pull.kill();
      await pull.exited;
    }
    caller.close();
    const delays = beside.map((figure, round) => figure - alone[round]!);
    return [
      {
        scenario: "a small GET beside a large pull, later by",
        unit: "ms",
        ours: delays.slice(1),
        note: `99th percentiles of ${requests} requests, beside ${beside
          .slice(1)
          .map((each) => each.toFixed(2))
          .join(", ")} and alone ${alone
          .slice(1)
          .map((each) => each.toFixed(2))
          .join(", ")} ms`,
        goal: { atMost: 5, of: "figure" },
      },
    ];
  },
};
