import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositorySuite } from "../oci/repository.suite.ts";
import type { Deletes, Reads, Writes } from "../oci/repository.ts";
import { openLayout } from "./layout.ts";
import { deleteManifest } from "./prune.ts";
import { LayoutReads } from "./repository.ts";
import { removeName, writing } from "./write.ts";

const prefix = "localhost:5000/myrepo/mychart";

repositorySuite("a layout", async () => {
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
    untag: (tag) => removeName(layout, `${prefix}:${tag}`),
    delete: (digest) => deleteManifest(layout, prefix, digest),
  };
  return { repository, close: () => rm(folder, { recursive: true, force: true }) };
});
