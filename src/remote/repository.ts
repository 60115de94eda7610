import type { Descriptor } from "../oci/descriptor.ts";
import { type Digest, tryDigest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { parseManifest } from "../oci/manifest.ts";
import { type RepositoryName, type Tag, tryTag } from "../oci/reference.ts";
import { referrerOf } from "../oci/referrers.ts";
import {
  type ByteRange,
  type Deletes,
  type Expected,
  type Mounts,
  type PushManifest,
  type Reads,
  type StoredManifest,
  type Writes,
  worthResuming,
} from "../oci/repository.ts";
import { verifyBytes } from "../oci/verify.ts";
import { download } from "./download.ts";
import { nonsense } from "./errors.ts";
import { pagesOf } from "./listing.ts";
import { acceptManifests, descriptorOf, manifestOf } from "./manifest.ts";
import { Referrers } from "./referrers.ts";
import type { Session } from "./session.ts";
import { Upload } from "./upload.ts";
import { locationOf } from "./uploadLocation.ts";
import type { UploadSessions } from "./uploadSessions.ts";

/** A repository in a registry, over HTTP (distribution-spec 1.1.1, with what 1.0's registries and Docker's leave out). */
export class RemoteRepository implements Reads, Writes, Deletes, Mounts {
  readonly #session: Session;
  readonly #repository: RepositoryName;
  readonly #path: string;
  readonly #name: string;
  readonly #referrers: Referrers;
  readonly #uploads: UploadSessions | undefined;

  /** @param uploads where sessions of uploads are remembered for the next process; without, they end with this one */
  constructor(session: Session, repository: RepositoryName, uploads?: UploadSessions) {
    this.#session = session;
    this.#repository = repository;
    this.#uploads = uploads;
    this.#path = `/v2/${repository}`;
    this.#name = `${session.registry}/${repository}`;
    this.#referrers = new Referrers(session, repository, this);
  }

  async resolve(name: Tag | Digest): Promise<Descriptor | undefined> {
    const doing = `look up ${this.#reference(name)}`;
    const answer = await this.#session.send({
      doing,
      method: "HEAD",
      to: this.#manifestPath(name),
      headers: { accept: acceptManifests },
      statuses: [200, 400, 404, 405, 501],
    });
    await answer.discard();
    const descriptor = answer.status === 200 ? descriptorOf(answer.headers, name) : undefined;
    if (descriptor !== undefined) return descriptor;
    // Who says by this header that it is a registry is believed. Some proxies answer 404 to every HEAD.
    if (answer.status === 404 && answer.headers.has("docker-distribution-api-version")) return undefined;
    return (await this.manifest(name))?.descriptor;
  }

  async manifest(name: Tag | Digest): Promise<StoredManifest | undefined> {
    const doing = `read ${this.#reference(name)}`;
    const answer = await this.#session.send({
      doing,
      method: "GET",
      to: this.#manifestPath(name),
      headers: { accept: acceptManifests },
      statuses: [200, 404],
    });
    if (answer.status === 200) return manifestOf(answer, name, doing);
    return this.#session.expectAbsent(answer, doing);
  }

  async blob(descriptor: Descriptor, range?: ByteRange): Promise<ReadableStream<Uint8Array>> {
    return download(this.#session, this.#blobPath(descriptor.digest), descriptor, range);
  }

  /** All tags are read before the first is given: not every registry sorts them, or heeds `last`. */
  async *tags(after?: Tag): AsyncIterable<Tag> {
    const query = new URLSearchParams({ n: "1000", ...(after !== undefined && { last: after }) });
    const doing = `list tags of ${this.#name}`;
    const tags = new Set<Tag>();
    for await (const page of pagesOf(
      this.#session,
      doing,
      `${this.#path}/tags/list?${query}`,
      "application/json",
    )) {
      // Go's registries write an empty list as null.
      const list = page.tags ?? [];
      if (!Array.isArray(list)) throw nonsense(doing, "the registry's list has no tags");
      for (const each of list) {
        const tag = typeof each === "string" ? tryTag(each) : undefined;
        if (tag !== undefined && (after === undefined || tag > after)) tags.add(tag);
      }
    }
    yield* [...tags].sort();
  }

  referrers(subject: Digest, artifactType?: string): AsyncIterable<Descriptor> {
    return this.#referrers.list(subject, artifactType);
  }

  async has(blob: Descriptor): Promise<boolean> {
    const { there, length } = await this.#lookUp(blob.digest);
    return there && (length === null || Number(length) === blob.size);
  }

  /** A blob's size in bytes, or undefined when the registry does not have it. */
  async stat(digest: Digest): Promise<number | undefined> {
    const { there, length } = await this.#lookUp(digest);
    if (!there) return undefined;
    if (length !== null && /^\d{1,15}$/.test(length)) return Number(length);
    throw nonsense(`look up blob ${digest} in ${this.#name}`, "the registry does not say how large it is");
  }

  async #lookUp(digest: Digest): Promise<{ there: boolean; length: string | null }> {
    const doing = `look up blob ${digest} in ${this.#name}`;
    const to = this.#blobPath(digest);
    const answer = await this.#session.send({ doing, method: "HEAD", to, statuses: [200, 404] });
    await answer.discard();
    return { there: answer.status === 200, length: answer.headers.get("content-length") };
  }

  async pushBlob(
    blob: Descriptor,
    body: (from: number) => Promise<ReadableStream<Uint8Array>>,
  ): Promise<void> {
    const session = this.#session;
    const path = `${this.#path}/blobs/uploads/`;
    const { registry } = session;
    const target = { registry, repository: this.#repository, digest: blob.digest };
    const remembered = blob.size < worthResuming ? undefined : await this.#uploads?.claim(target);
    try {
      await new Upload({ session, path, blob, body, has: () => this.has(blob), remembered }).run();
    } finally {
      remembered?.release();
    }
  }

  /**
   * A registry sets one tag at a time, so all expectations are checked before the first is set; each PUT carries its own as
   * a condition, for registries that heed it (ours does), which is the only way to be sure. Of one that says so a single tag
   * need not be asked for beforehand. Where the registry has no API for referrers, the list under the subject's tag is kept here.
   */
  async pushManifest(
    descriptor: Descriptor,
    bytes: Uint8Array,
    { tags, expect }: PushManifest,
  ): Promise<void> {
    verifyBytes(bytes, descriptor);
    const toSet: (Tag | Digest)[] = tags.length === 0 ? [descriptor.digest] : [];
    const looks = tags.length > 1 || !this.#session.heedsConditions;
    for (const tag of tags)
      if (!looks || !(await this.#holdsAlready(tag, descriptor, expect))) toSet.push(tag);
    let listed = true;
    for (const name of toSet) listed = await this.#putManifest(descriptor, bytes, name, expect);
    if (listed) return;
    const manifest = parseManifest(bytes, descriptor.mediaType);
    if (manifest.subject !== undefined)
      await this.#referrers.add(manifest.subject.digest, referrerOf(descriptor, manifest));
  }

  /** Gives whether the registry says that it has noted the subject (`OCI-Subject`). */
  async #putManifest(
    descriptor: Descriptor,
    bytes: Uint8Array,
    name: Tag | Digest,
    expected: Expected,
  ): Promise<boolean> {
    const expect = tryDigest(name) === undefined ? expected : "any";
    const doing = `push ${this.#reference(name)}`;
    const answer = await this.#session.send({
      doing,
      method: "PUT",
      to: this.#manifestPath(name),
      headers: { "content-type": descriptor.mediaType, ...conditionOf(expect) },
      body: bytes,
      statuses: [200, 201, 202, ...(expect === "any" ? [] : [412])],
    });
    if (answer.status === 412) {
      // Perhaps it is our own manifest, and only the first answer was lost.
      if (!(await this.#holdsAlready(name as Tag, descriptor, expect)))
        throw await this.#session.refusal(answer, doing);
    }
    await answer.discard();
    const stored = tryDigest(answer.headers.get("docker-content-digest") ?? "");
    if (
      stored !== undefined &&
      stored.split(":")[0] === descriptor.digest.split(":")[0] &&
      stored !== descriptor.digest
    )
      throw nonsense(doing, `the registry stored it as ${stored}, expected ${descriptor.digest}`);
    return answer.status === 412 || answer.headers.has("oci-subject");
  }

  /** Whether a tag holds the manifest, so that nothing is left to do; a conflict when it holds what it should not. */
  async #holdsAlready(tag: Tag, { digest }: Descriptor, expect: Expected): Promise<boolean> {
    if (expect === "any") return false;
    const held = (await this.resolve(tag))?.digest;
    if (held === digest) return true;
    if (held === (expect === "absent" ? undefined : expect)) return false;
    throw new ChartroomError(
      "conflict",
      `Cannot push ${this.#reference(tag)}: the tag ${held === undefined ? "holds nothing" : `holds ${held}`}, expected ${expect === "absent" ? "it free" : expect}`,
    );
  }

  async untag(tag: Tag): Promise<boolean> {
    return this.#delete(tag);
  }

  async delete(digest: Digest): Promise<boolean> {
    const subject = await this.#subjectOf(digest);
    const gone = await this.#delete(digest);
    if (gone && subject !== undefined) await this.#referrers.remove(subject, digest);
    return gone;
  }

  /** The subject of a manifest; undefined, too, when it is broken or may not be read: it can still be deleted. */
  async #subjectOf(digest: Digest): Promise<Digest | undefined> {
    try {
      const stored = await this.manifest(digest);
      return stored && parseManifest(stored.bytes, stored.descriptor.mediaType).subject?.digest;
    } catch (error) {
      if (error instanceof ChartroomError) return undefined;
      throw error;
    }
  }

  async #delete(name: Tag | Digest): Promise<boolean> {
    const doing = `delete ${this.#reference(name)}`;
    const to = this.#manifestPath(name);
    const answer = await this.#session.send({
      doing,
      method: "DELETE",
      to,
      statuses: [200, 202, 204, 400, 404, 405],
    });
    if (answer.status === 404) return (await this.#session.expectAbsent(answer, doing)) !== undefined;
    await answer.discard();
    // Distribution before 3 says DIGEST_INVALID to a tag; the specification has 400 and 405 for what is switched off.
    if (answer.status < 400) return true;
    const [cannot, hint] =
      tryDigest(name) === undefined
        ? ["takes no tag away", "Only the manifest can go, by digest, and then with all its tags."]
        : ["deletes no manifests", "Many registries delete only where that is switched on."];
    throw new ChartroomError(
      "not_allowed",
      `Cannot ${doing}: the registry ${cannot} (HTTP ${answer.status}). Nothing was deleted`,
      { hint },
    );
  }

  async mount({ digest }: Descriptor, from: RepositoryName): Promise<boolean> {
    const doing = `mount blob ${digest} from ${from} into ${this.#name}`;
    const to = `${this.#path}/blobs/uploads/?${new URLSearchParams({ mount: digest, from })}`;
    const answer = await this.#session.send({
      doing,
      method: "POST",
      to,
      // A short cut: where it is closed the blob is sent.
      statuses: [201, 202, 400, 401, 403, 404, 405],
      repeatable: true,
      scopes: [`repository:${from}:pull`],
    });
    await answer.discard();
    if (answer.status !== 202) return answer.status === 201;
    // The registry opened an upload instead, which nobody will use.
    const session = locationOf(answer.headers, answer.url, doing);
    await (
      await this.#session.send({ doing, method: "DELETE", to: session, statuses: [202, 204, 400, 404, 405] })
    ).discard();
    return false;
  }

  #manifestPath(name: Tag | Digest): string {
    return `${this.#path}/manifests/${name}`;
  }

  #blobPath(digest: Digest): string {
    return `${this.#path}/blobs/${digest}`;
  }

  #reference(name: Tag | Digest): string {
    return `${this.#name}${tryDigest(name) === undefined ? ":" : "@"}${name}`;
  }
}

/** An expectation as RFC 9110 §13.1 says it; a manifest's ETag is its digest. */
function conditionOf(expect: Expected): Record<string, string> {
  if (expect === "any") return {};
  return expect === "absent" ? { "if-none-match": "*" } : { "if-match": `"${expect}"` };
}
