import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { eachInParallel } from "../../src/oci/parallel.ts";
import { blobOf } from "../../src/testing/artifacts.ts";
import { nameOf, putManifest } from "../../src/testing/commands.ts";
import { DistributionData } from "../../src/testing/distribution.ts";
import { ours, type Side } from "../peers/sides.ts";
import { filled } from "./filled.ts";

/** Tags that one command sets: enough that filling is quick. */
const atOnce = 1000;
const manifest = blobOf('{"mediaType":"application/vnd.example+json"}', "application/vnd.example+json");
const tagAt = (i: number) => `v${String(i).padStart(7, "0")}`;

/** The repository that has many tags. */
export const taggedRepository = nameOf("charts/many");

/** Ours, with that many tags in it. */
export const tagged = (count: number, name = ours.name): Side => ({
  ...ours,
  name,
  start: (bench) =>
    filled(bench, async (catalog) => {
      async function* commands() {
        for (let at = 0; at < count; at += atOnce) {
          const length = Math.min(atOnce, count - at);
          const tags = Array.from({ length }, (_, i) => tagAt(at + i));
          yield putManifest(taggedRepository, manifest, tags);
        }
      }
      await eachInParallel(commands(), 500, async (command) => void (await catalog.apply(command)));
    }),
});

/** Tags as files of CNCF Distribution, as that many pushes leave them. */
export function fabricateTags(root: string, count: number): void {
  const data = new DistributionData(root);
  for (let i = 0; i < count; i++) {
    const link = data.tagLink(taggedRepository, tagAt(i));
    mkdirSync(dirname(link), { recursive: true });
    writeFileSync(link, manifest.descriptor.digest);
  }
}
