import { join } from "node:path";
import { digestOf } from "../../src/oci/digest.ts";
import { blobOf } from "../../src/testing/artifacts.ts";
import { linkBlob, nameOf, putManifest } from "../../src/testing/commands.ts";
import { noise, streamOf } from "../../src/testing/streams.ts";
import { percentile, type Samples } from "../measure.ts";
import type { Row, Scenario } from "../scenario.ts";
import { Caller } from "./caller.ts";
import { filled } from "./filled.ts";

const rounds = 5;
/** Small requests in a round, of each kind. */
const requests = 2000;
/** Of the blob that somebody pulls, again and again: more than all buffers on the way. */
const size = 256 * 1024 * 1024;
const repository = nameOf("charts/app");

/** What one client's large pull or push does to another's small requests. */
export const fairness: Scenario = {
  name: "server: fairness",
  needs: [],
  async run(bench) {
    const small = blobOf('{"mediaType":"application/vnd.example+json"}', "application/vnd.example+json");
    const large = noise(size);
    const digest = digestOf(large);
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
    const root = `http://${host}/v2/${repository}/blobs`;
    const beside = async (...words: string[]) => {
      const mover = Bun.spawn([process.execPath, join(import.meta.dir, "mover.ts"), ...words], {
        stdin: "ignore",
        stdout: "pipe",
      });
      await mover.stdout.getReader().read(); // it is at it
      const figure = await measured();
      if (mover.exitCode !== null) throw new Error(`the ${words[0]} ended`);
      mover.kill();
      await mover.exited;
      return figure;
    };
    const figures = { alone: [] as number[], pull: [] as number[], push: [] as number[] };
    for (let round = 0; round <= rounds; round++) {
      const each = {
        alone: await measured(),
        pull: await beside("pull", `${root}/${digest}`),
        push: await beside("push", root),
      };
      if (round === 0) continue; // it warms up
      for (const kind of ["alone", "pull", "push"] as const) figures[kind].push(each[kind]);
    }
    caller.close();
    const told = (samples: Samples) => samples.map((each) => each.toFixed(2)).join(", ");
    const row = (kind: "pull" | "push"): Row => ({
      scenario: `a small GET beside a large ${kind}, later by`,
      unit: "ms",
      ours: figures[kind].map((figure, round) => figure - figures.alone[round]!),
      note: `99th percentiles of ${requests} requests: beside it ${told(figures[kind])} ms, alone ${told(figures.alone)} ms`,
      goal: { atMost: 5, of: "figure" },
    });
    return [row("pull"), row("push")];
  },
};
