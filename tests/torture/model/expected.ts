import type { Digest } from "../../../src/oci/digest.ts";
import type { Tag } from "../../../src/oci/reference.ts";
import type { Artifact, Content } from "../../../src/testing/artifacts.ts";

/** What one repository must hold. */
export interface ExpectedRepository {
  /** Each blob, with the moment from which it waits for collection; undefined while a manifest names it. */
  readonly blobs: Map<Digest, number | undefined>;
  readonly manifests: Map<Digest, Artifact>;
  readonly tags: Map<Tag, Digest>;
  /** Since when manifests wait that nothing holds. */
  readonly loose: Map<Digest, number>;
}

/**
 * What a registry must hold after what was done to it, as plainly as it can be said: every look goes through everything, and
 * nothing is remembered that could be looked up.
 */
export class Expected {
  readonly #repositories = new Map<string, ExpectedRepository>();
  readonly #grace: number;

  constructor(grace: number) {
    this.#grace = grace;
  }

  /** A repository, empty where nothing was done to it. */
  of(name: string): ExpectedRepository {
    const repository = this.#repositories.get(name) ?? {
      blobs: new Map(),
      manifests: new Map(),
      tags: new Map(),
      loose: new Map(),
    };
    this.#repositories.set(name, repository);
    return repository;
  }

  /** A blob came, or came again. */
  link(name: string, digest: Digest, now: number): void {
    const { blobs } = this.of(name);
    blobs.set(digest, this.isNamed(name, digest) ? undefined : now);
  }

  /** Somebody asked for a blob and may count on it. Gives whether it is there. */
  ask(name: string, digest: Digest, now: number): boolean {
    const { blobs } = this.of(name);
    const since = blobs.get(digest);
    if (since !== undefined && since < now - this.#grace / 2) blobs.set(digest, now);
    return blobs.has(digest);
  }

  /** Whether all that a manifest names is there. */
  isComplete(name: string, { blobs, children }: Artifact): boolean {
    const repository = this.of(name);
    return (
      blobs.every(({ descriptor }) => repository.blobs.has(descriptor.digest)) &&
      children.every(({ descriptor }) => repository.manifests.has(descriptor.digest))
    );
  }

  /** A manifest was taken. */
  put(name: string, artifact: Artifact, tag: Tag | undefined, now: number): void {
    const { blobs, manifests, tags, loose } = this.of(name);
    const { digest } = artifact.descriptor;
    manifests.set(digest, artifact);
    // Who pushes it anew has it wait anew.
    loose.delete(digest);
    if (tag !== undefined) tags.set(tag, digest);
    for (const { descriptor } of artifact.blobs) blobs.set(descriptor.digest, undefined);
    this.#settle(name, now);
  }

  /** A tag was taken away. Gives whether it was there. */
  untag(name: string, tag: Tag, now: number): boolean {
    const was = this.of(name).tags.delete(tag);
    this.#settle(name, now);
    return was;
  }

  /** A manifest was deleted. Gives whether it was there. */
  remove(name: string, digest: Digest, now: number): boolean {
    const { blobs, manifests, tags } = this.of(name);
    const artifact = manifests.get(digest);
    if (artifact === undefined) return false;
    manifests.delete(digest);
    for (const [tag, held] of tags) if (held === digest) tags.delete(tag);
    for (const { descriptor } of artifact.blobs)
      if (!this.isNamed(name, descriptor.digest)) blobs.set(descriptor.digest, now);
    this.#settle(name, now);
    return true;
  }

  /** Manifests that nothing has held for a grace period are gone. */
  collectManifests(now: number): void {
    for (const [name, { loose }] of this.#repositories)
      for (const [digest, since] of [...loose])
        if (since <= now - this.#grace) this.remove(name, digest, now);
  }

  /** Manifests wait while no tag, no index and no subject holds them. */
  #settle(name: string, now: number): void {
    const { manifests, tags, loose } = this.of(name);
    const held = (digest: Digest) =>
      [...tags.values()].includes(digest) ||
      manifests
        .values()
        .some(({ children }) => children.some(({ descriptor }) => descriptor.digest === digest)) ||
      manifests.has(subjectOf(manifests.get(digest)!) ?? ("" as Digest));
    for (const digest of manifests.keys())
      if (held(digest)) loose.delete(digest);
      else if (!loose.has(digest)) loose.set(digest, now);
    for (const digest of loose.keys()) if (!manifests.has(digest)) loose.delete(digest);
  }

  /** All that was due is gone. */
  collect(now: number): void {
    for (const { blobs } of this.#repositories.values())
      for (const [digest, since] of blobs)
        if (since !== undefined && since <= now - this.#grace) blobs.delete(digest);
  }

  /** Blobs that a collection at `now` would take, as `repository digest`. */
  due(now: number): string[] {
    return [...this.#repositories].flatMap(([name, { blobs }]) =>
      [...blobs].flatMap(([digest, since]) =>
        since !== undefined && since <= now - this.#grace ? [`${name} ${digest}`] : [],
      ),
    );
  }

  /** Manifests that a collection at `now` would take, as `repository digest`. */
  dueManifests(now: number): string[] {
    return [...this.#repositories].flatMap(([name, { loose }]) =>
      [...loose].flatMap(([digest, since]) => (since <= now - this.#grace ? [`${name} ${digest}`] : [])),
    );
  }

  /** Whether a manifest of a repository names a blob. */
  isNamed(name: string, digest: Digest): boolean {
    const names = ({ descriptor }: Content) => descriptor.digest === digest;
    return this.of(name)
      .manifests.values()
      .some(({ blobs }) => blobs.some(names));
  }

  /** Every digest that some repository has as a blob. */
  held(): Set<Digest> {
    return new Set([...this.#repositories.values()].flatMap(({ blobs }) => [...blobs.keys()]));
  }
}

/** The digest of a manifest's subject. */
export const subjectOf = ({ bytes }: Artifact): Digest | undefined =>
  JSON.parse(new TextDecoder().decode(bytes)).subject?.digest;
