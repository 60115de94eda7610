import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { referrersTag } from "../oci/referrers.ts";
import { repositorySuite } from "../oci/repository.suite.ts";
import type { Deletes, Reads, Writes } from "../oci/repository.ts";
import { blobOf, imageOf, indexOf, pushArtifact } from "../testing/artifacts.ts";
import { layoutDeletes } from "./deletes.ts";
import { openLayout } from "./layout.ts";
import { LayoutReads } from "./repository.ts";
import { writing } from "./write.ts";

for (const [title, prefix] of [
  ["a layout", "localhost:5000/myrepo/mychart"],
  ["a layout whose names are tags alone", ""],
] as const)
  repositorySuite(title, async () => {
    const folder = await mkdtemp(join(tmpdir(), "chartroom-layout-"));
    const layout = openLayout(join(folder, "cache"));
    const reads = new LayoutReads(layout, prefix);
    const write = <T>(work: (repository: Reads & Writes) => Promise<T>) =>
      writing(layout, undefined, (writer) => work(writer.repository(prefix)));
    const repository: Reads & Writes & Deletes = {
      resolve: (name) => reads.resolve(name),
      manifest: (name) => reads.manifest(name),
      blob: (blob, range) => reads.blob(blob, range),
      tags: (after) => reads.tags(after),
      referrers: (subject, type) => reads.referrers(subject, type),
      has: (blob) => write((each) => each.has(blob)),
      pushBlob: (blob, body) => write((each) => each.pushBlob(blob, body)),
      pushManifest: (...manifest) => write((each) => each.pushManifest(...manifest)),
      ...layoutDeletes(layout, prefix),
    };
    return { repository, close: () => rm(folder, { recursive: true, force: true }) };
  });

test("a list that regclient keeps under a tag of the subject names referrers too", async () => {
  const folder = await mkdtemp(join(tmpdir(), "chartroom-layout-"));
  const layout = openLayout(join(folder, "cache"));
  try {
    const subject = imageOf([blobOf("subject")]);
    const referrers = ["one", "two"].map((text) => imageOf([blobOf(text)], { subject: subject.descriptor }));
    const list = indexOf(referrers);
    await writing(layout, undefined, async (writer) => {
      const repository = writer.repository("h/a");
      await pushArtifact(repository, list, {
        tags: [referrersTag(subject.descriptor.digest)],
        expect: "any",
      });
    });
    const found = await Array.fromAsync(new LayoutReads(layout, "h/a").referrers(subject.descriptor.digest));
    const digests = referrers.map(({ descriptor }) => descriptor.digest);
    expect(found.map(({ digest }) => digest).toSorted()).toEqual(digests.toSorted());
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
