import { afterAll, beforeAll, beforeEach, expect } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FilesystemBlobs } from "../blobs/filesystem.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { MemoryCatalog } from "../catalog/memory/memory.ts";
import { type FileSystem, nodeFileSystem } from "../files/filesystem.ts";
import type { Digest } from "../oci/digest.ts";
import { parseTag } from "../oci/reference.ts";
import type { WriteStop } from "../registry/writeStop.ts";
import { type Artifact, blobOf, type Content, imageOf } from "../testing/artifacts.ts";
import { nameOf } from "../testing/commands.ts";
import { DistributionData } from "../testing/distribution.ts";
import { bytesOf } from "../testing/streams.ts";
import { adopt } from "./adopt.ts";
import { type Counts, noCounts } from "./adoption.ts";
import { bringInto, type How } from "./bring.ts";
import type { Finding } from "./finding.ts";
import { Tree } from "./tree.ts";

/** An image with two layers: a chart and its provenance. */
export const chart: Artifact = imageOf([blobOf("a chart"), blobOf("its provenance")]);

export interface AdoptOptions {
  readonly how?: How;
  readonly force?: boolean;
  readonly signal?: AbortSignal;
  readonly fs?: FileSystem;
  readonly writes?: WriteStop;
}

/** What an adoption did. */
export interface Adopted {
  readonly counts: Counts;
  /** Findings as `status repository what: why`, sorted. */
  readonly findings: string[];
}

/** An old registry's directory and our own, both new for each test. */
export class Place {
  readonly folder: string;
  readonly there: DistributionData;
  /** Our data directory. */
  readonly data: string;
  readonly catalog: Catalog;

  constructor(folder: string, catalog: Catalog = new MemoryCatalog()) {
    this.folder = folder;
    this.there = new DistributionData(join(folder, "old"));
    this.data = join(folder, "new");
    this.catalog = catalog;
  }

  blobs(fs: FileSystem = nodeFileSystem): FilesystemBlobs {
    return new FilesystemBlobs(fs, { blobs: join(this.data, "blobs"), ingest: join(this.data, "ingest") });
  }

  async adopted({ how = "either", force = false, signal, fs, writes }: AdoptOptions = {}): Promise<Adopted> {
    const findings: Finding[] = [];
    const found = (finding: Finding) => void findings.push(finding);
    const counts = noCounts();
    const blobs = this.blobs(writes?.files(fs ?? nodeFileSystem) ?? fs);
    await adopt({
      source: new Tree(fs ?? nodeFileSystem, this.there.path(), found),
      store: { blobs, catalog: this.catalog, now: () => 1 },
      bring: bringInto(blobs, how),
      force,
      signal: signal ?? new AbortController().signal,
      counts,
      found,
    });
    const told = findings.map(
      ({ status, repository = "", what, why }) => `${status} ${repository} ${what}: ${why}`,
    );
    return { counts, findings: told.sort() };
  }

  /** That a repository of ours has an artifact whole, byte for byte. */
  async expectHere(repository: string, artifact: Artifact): Promise<void> {
    const stored = await this.catalog.manifest(nameOf(repository), artifact.descriptor.digest);
    expect(stored).toEqual({ descriptor: artifact.descriptor, bytes: expect.anything() });
    expect(Buffer.compare(stored!.bytes, artifact.bytes)).toBe(0);
    for (const blob of artifact.blobs) {
      expect(await this.catalog.blob(nameOf(repository), blob.descriptor.digest)).toBeDefined();
      await this.expectWhole(repository, blob);
    }
    for (const child of artifact.children) await this.expectHere(repository, child);
  }

  /** That a blob, if a row says that a repository of ours has it, is there byte for byte. */
  async expectWhole(repository: string, { descriptor: { digest, size }, bytes }: Content): Promise<void> {
    const found = await this.catalog.blob(nameOf(repository), digest);
    if (found === undefined) return;
    expect(found).toBe(size);
    const stream = await this.blobs().read(digest);
    expect(Buffer.compare(await bytesOf(stream!), bytes)).toBe(0);
  }

  /** What a tag of ours names. */
  async tag(repository: string, tag: string): Promise<Digest | undefined> {
    return this.catalog.tag(nameOf(repository), parseTag(tag));
  }
}

/** Gives the place of the test that runs. */
export function places(): () => Place {
  let base: string;
  let count = 0;
  let place: Place;
  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), "chartroom-adopt-"));
  });
  afterAll(() => rm(base, { recursive: true }));
  beforeEach(async () => {
    place = new Place(join(base, `${count++}`));
    await mkdir(place.there.root, { recursive: true });
    await mkdir(place.data);
  });
  return () => place;
}
