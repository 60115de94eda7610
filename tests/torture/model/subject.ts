import type { Blobs } from "../../../src/blobs/blobs.ts";
import { MemoryBlobs } from "../../../src/blobs/memory.ts";
import type { Catalog, Upload } from "../../../src/catalog/catalog.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import type { Tag } from "../../../src/oci/reference.ts";
import { RegistryError } from "../../../src/registry/errors.ts";
import { Registry } from "../../../src/registry/registry.ts";
import { replacing } from "../../../src/registry/replacing.ts";
import type { RegistryRepository } from "../../../src/registry/repository.ts";
import type { Artifact, Content } from "../../../src/testing/artifacts.ts";
import type { Random } from "../random.ts";
import { Expected } from "./expected.ts";
import { artifacts, blobs, grace, names, tags } from "./world.ts";

/** An upload session that is open. */
interface Session {
  readonly upload: Upload;
  readonly content: Content;
  sent: number;
}

/** A registry with a clock, what it must hold, and how the two are compared. Whatever differs is thrown as an Error. */
export class Subject {
  protected readonly random: Random;
  protected readonly catalog: Catalog;
  protected readonly blobs: Blobs;
  protected readonly expected = new Expected(grace);
  protected readonly sessions: Session[] = [];
  protected registry: Registry;
  protected now = 1_000_000;
  /** Commands until one fails; undefined while none shall. */
  protected fuse: number | undefined;
  /** Done before and after each command and removal, so that those who work at once meet in every order. */
  protected dawdle: () => Promise<void> = async () => {};

  constructor(catalog: Catalog, random: Random) {
    this.random = random;
    const slowly = async <T>(work: () => Promise<T>): Promise<T> => {
      await this.dawdle();
      const result = await work();
      await this.dawdle();
      return result;
    };
    this.catalog = replacing(catalog, {
      apply: async (command) => {
        if (this.fuse !== undefined && this.fuse-- === 0) throw new Error("made to fail");
        return slowly(() => catalog.apply(command));
      },
    });
    const kept = new MemoryBlobs();
    this.blobs = replacing<Blobs>(kept, { remove: (digest) => slowly(() => kept.remove(digest)) });
    this.registry = this.start();
  }

  /** A repository, whichever. */
  protected repository(): RegistryRepository {
    return this.registry.repository(this.random.of(names));
  }

  /** A process over what is kept. */
  protected start(): Registry {
    return new Registry({ blobs: this.blobs, catalog: this.catalog, now: () => this.now, rules: { grace } });
  }

  protected async send(repository: RegistryRepository, { bytes, descriptor }: Content): Promise<void> {
    const body = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
    await this.registry.uploads.receive(repository.name, descriptor.digest, { body });
  }

  protected async askFor(repository: RegistryRepository, content: Content): Promise<boolean> {
    const there = this.expected.ask(repository.name, content.descriptor.digest, this.now);
    same("the blob", await repository.keep(content.descriptor), there ? content.descriptor.size : undefined);
    await this.look(repository, content);
    return there;
  }

  protected async tryPut(repository: RegistryRepository, artifact: Artifact, tag: Tag | undefined) {
    const to = { tags: tag === undefined ? [] : [tag], expect: "any" } as const;
    return repository.pushManifest(artifact.descriptor, artifact.bytes, to).then(() => "done", faultOf);
  }

  protected async putInto(repository: RegistryRepository, artifact: Artifact, tag: Tag | undefined) {
    const complete = this.expected.isComplete(repository.name, artifact);
    const outcome = await this.tryPut(repository, artifact, tag);
    same("the manifest", outcome, complete ? "done" : "manifestBlobUnknown");
    if (complete) this.expected.put(repository.name, artifact, tag, this.now);
    for (const blob of artifact.blobs) await this.look(repository, blob);
  }

  /** A blob is there or not, waits or not, and its bytes are whole. */
  protected async look(repository: RegistryRepository, { bytes, descriptor }: Content): Promise<void> {
    const { digest, size } = descriptor;
    const expected = this.expected.of(repository.name).blobs;
    same(`blob ${digest}`, await repository.stat({ digest }), expected.has(digest) ? size : undefined);
    const since = await this.catalog.unnamedSince(repository.name, digest);
    same(`since when ${digest} waits`, since, expected.get(digest));
    if (!expected.has(digest)) return;
    const found = await new Response(await repository.blob({ digest })).bytes();
    same(`the bytes of ${digest}`, Buffer.from(found).equals(bytes), true);
  }

  protected async stored(): Promise<Set<Digest>> {
    return new Set((await Array.fromAsync(this.blobs.list())).map(({ digest }) => digest));
  }

  /** Bytes are there for what a repository has, and for nothing else. */
  protected async exact(): Promise<void> {
    sameSet("bytes", [...(await this.stored())], [...this.expected.held()]);
    const left = await Array.fromAsync(this.registry.collector.explain(grace, this.now));
    same("what is left to collect", left.length, 0);
  }

  /** Everything that can be asked. */
  async compare(): Promise<void> {
    for (const name of names) {
      const repository = this.registry.repository(name);
      const expected = this.expected.of(name);
      for (const blob of blobs) await this.look(repository, blob);
      for (const { descriptor, bytes } of artifacts) {
        const found = await repository.manifest(descriptor.digest);
        const there = expected.manifests.has(descriptor.digest);
        same(`manifest ${descriptor.digest}`, found === undefined, !there);
        if (found !== undefined) same("its bytes", Buffer.from(found.bytes).equals(bytes), true);
      }
      const waiting = (await this.catalog.loose(this.now, { limit: 1000 })).items
        .filter((each) => each.repository === name)
        .map(({ digest, since }) => `${digest} ${since}`);
      sameSet(
        "loose manifests",
        waiting,
        [...expected.loose].map(([digest, since]) => `${digest} ${since}`),
      );
      for (const tag of tags)
        same(`tag ${tag}`, (await repository.resolve(tag))?.digest, expected.tags.get(tag));
      const sessions = this.sessions.some(({ upload }) => upload.repository === name);
      const exists = sessions || expected.blobs.size > 0 || expected.manifests.size > 0;
      same(`repository ${name}`, await this.catalog.hasRepository(name), exists);
    }
  }
}

/** The fault of a refusal; anything else is thrown on. */
export function faultOf(error: unknown): string {
  if (error instanceof RegistryError) return error.fault;
  throw error;
}

/** @throws Error when what was found is not what must be */
export function same<T>(what: string, found: T, expected: T): void {
  if (found !== expected) throw new Error(`${what}: found ${found}, expected ${expected}`);
}

/** The same of lists in whatever order. @throws Error */
export const sameSet = (what: string, found: readonly string[], expected: readonly string[]): void =>
  same(what, found.toSorted().join(" "), expected.toSorted().join(" "));
