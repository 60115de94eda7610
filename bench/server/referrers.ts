import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { hexOf } from "../../src/oci/digest.ts";
import { eachInParallel } from "../../src/oci/parallel.ts";
import { type Artifact, blobOf, type Content, imageOf } from "../../src/testing/artifacts.ts";
import { nameOf, pushCommands } from "../../src/testing/commands.ts";
import { contest } from "../peers/contest.ts";
import { generate } from "../peers/generate.ts";
import { ours, type Side, zot } from "../peers/sides.ts";
import type { Scenario } from "../scenario.ts";
import { filled } from "./filled.ts";

const count = 10_000;
const repository = nameOf("charts/app");
const subject = imageOf([blobOf("a chart")]);
const layer = blobOf("a signature");
const signatureAt = (i: number): Artifact =>
  imageOf([layer], {
    artifactType: "application/vnd.example.signature",
    subject: subject.descriptor,
    annotations: { number: `${i}` },
  });
function* signatures(): Generator<Artifact> {
  for (let i = 0; i < count; i++) yield signatureAt(i);
}

/** Ours, with all of them. */
const signed: Side = {
  ...ours,
  start: (bench) =>
    filled(bench, async (catalog) => {
      for (const command of pushCommands(repository, subject, ["1.0.0"])) await catalog.apply(command);
      async function* commands() {
        for (const signature of signatures()) yield* pushCommands(repository, signature);
      }
      await eachInParallel(commands(), 500, async (command) => void (await catalog.apply(command)));
    }),
};

/** All of them in the image layout that is a repository of zot's. */
async function fabricate(root: string): Promise<void> {
  const blobs = join(root, repository, "blobs", "sha256");
  await mkdir(blobs, { recursive: true });
  const write = ({ descriptor, bytes }: Content) => Bun.write(join(blobs, hexOf(descriptor.digest)), bytes);
  for (const blob of [...subject.blobs, layer, subject]) await write(blob);
  for (const signature of signatures()) await write(signature);
  const manifests = [subject, ...signatures()].map(({ descriptor }) => descriptor);
  await Bun.write(join(root, repository, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  await Bun.write(join(root, repository, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
}

/** A subject that many things refer to. CNCF Distribution has no list of them. */
export const referrers: Scenario = {
  name: "server: referrers",
  needs: [],
  run: (bench) =>
    contest(bench, {
      ...{ scenario: "referrers, all of 10,000: referrers a second", unit: "/s", rounds: 3, us: signed },
      against: [[zot]],
      note: "one client: ours page by page by Link, a hundred on each; zot's are fabricated as files, and come at once",
      async prepare(server, side) {
        if (side !== zot) return;
        await server.stop();
        await fabricate(join(server.folder, "data"));
        await server.restart();
      },
      async measure({ host }) {
        const url = `http://${host}/v2/${repository}/referrers/${subject.descriptor.digest}`;
        const seconds = await generate("lister", url, "manifests", count, 1);
        return { figure: count / seconds, operations: count };
      },
    }),
};
