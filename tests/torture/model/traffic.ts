import type { Digest } from "../../../src/oci/digest.ts";
import type { RegistryRepository } from "../../../src/registry/repository.ts";
import type { Artifact } from "../../../src/testing/artifacts.ts";
import { subjectOf } from "./expected.ts";
import { faultOf, Subject, same, sameSet } from "./subject.ts";
import { artifacts, blobs, names, tags } from "./world.ts";

/** What clients do: each step asks for something, and holds the answer against what must be. */
export class Traffic extends Subject {
  protected async pushBlob(repository = this.repository(), content = this.random.of(blobs)): Promise<void> {
    await this.send(repository, content);
    this.expected.link(repository.name, content.descriptor.digest, this.now);
    await this.look(repository, content);
  }

  protected async pushWhole(): Promise<void> {
    const repository = this.repository();
    const push = async (artifact: Artifact, tag: boolean): Promise<void> => {
      for (const child of artifact.children) await push(child, false);
      for (const blob of artifact.blobs)
        if (!(await this.askFor(repository, blob))) await this.pushBlob(repository, blob);
      await this.putInto(repository, artifact, tag ? this.random.of(tags) : undefined);
    };
    await push(this.random.of(artifacts), this.random.fraction() < 0.5);
  }

  protected async put(): Promise<void> {
    const tag = this.random.fraction() < 0.7 ? this.random.of(tags) : undefined;
    await this.putInto(this.repository(), this.random.of(artifacts), tag);
  }

  protected async mount(): Promise<void> {
    const [target, content] = [this.repository(), this.random.of(blobs)];
    const { digest } = content.descriptor;
    const from = this.random.fraction() < 0.7 ? this.random.of(names) : undefined;
    const sources = from === undefined ? names : [from, target.name];
    const there =
      (from !== undefined || this.expected.held().has(digest)) &&
      sources.some((name) => this.expected.of(name).blobs.has(digest));
    same("the mount", await target.mount(content.descriptor, from), there);
    if (there) this.expected.link(target.name, digest, this.now);
    await this.look(target, content);
  }

  protected async ask(): Promise<void> {
    await this.askFor(this.repository(), this.random.of(blobs));
  }

  protected async open(): Promise<void> {
    if (this.sessions.length >= 4) return this.finish();
    const [name, content] = [this.random.of(names), this.random.of(blobs)];
    this.sessions.push({ upload: await this.registry.uploads.open(name, undefined), content, sent: 0 });
  }

  protected async goOn(): Promise<void> {
    const session = this.sessions[0];
    if (session === undefined) return this.open();
    const { bytes } = session.content;
    const end = Math.floor(session.sent + this.random.fraction() * (bytes.byteLength - session.sent + 1));
    const body = new Blob([bytes.slice(session.sent, end) as Uint8Array<ArrayBuffer>]).stream();
    same(
      "the offset",
      await this.registry.uploads.append(session.upload, { body, start: session.sent }),
      end,
    );
    session.sent = end;
  }

  protected async finish(): Promise<void> {
    const session = this.sessions.shift();
    if (session === undefined) return;
    const { upload, content, sent } = session;
    const { uploads } = this.registry;
    if (this.random.fraction() < 0.2) return uploads.cancel(upload);
    const body = new Blob([content.bytes.slice(sent) as Uint8Array<ArrayBuffer>]).stream();
    await uploads.finish(upload, content.descriptor.digest, { body, start: sent });
    this.expected.link(upload.repository, content.descriptor.digest, this.now);
    await this.look(this.registry.repository(upload.repository), content);
  }

  protected async untag(): Promise<void> {
    const [repository, tag] = [this.repository(), this.random.of(tags)];
    same("the tag", await repository.untag(tag), this.expected.untag(repository.name, tag, this.now));
  }

  protected async remove(): Promise<void> {
    const repository = this.repository();
    const there = [...this.expected.of(repository.name).manifests.values()];
    await this.#removeFrom(repository, this.random.of([...there, this.random.of(artifacts)]));
  }

  protected async clear(): Promise<void> {
    const repository = this.repository();
    for (const artifact of this.expected.of(repository.name).manifests.values())
      await this.#removeFrom(repository, artifact);
  }

  async #removeFrom(repository: RegistryRepository, artifact: Artifact): Promise<void> {
    const { digest } = artifact.descriptor;
    const there = this.expected.remove(repository.name, digest, this.now);
    same("the delete", await repository.delete(digest), there);
    for (const blob of artifact.blobs) await this.look(repository, blob);
  }

  protected async removeBlob(): Promise<void> {
    const [repository, content] = [this.repository(), this.random.of(blobs)];
    const { digest } = content.descriptor;
    const held = this.expected.of(repository.name).blobs;
    const named = held.has(digest) && this.expected.isNamed(repository.name, digest);
    const outcome = await repository.deleteBlob(digest).catch(faultOf);
    same("the delete of a blob", outcome, named ? "blobInUse" : held.has(digest));
    if (!named) held.delete(digest);
    await this.look(repository, content);
  }

  protected async referrers(): Promise<void> {
    const [repository, artifact] = [this.repository(), this.random.of(artifacts)];
    const found = await Array.fromAsync(repository.referrers(artifact.descriptor.digest));
    const expected = [...this.expected.of(repository.name).manifests.values()].filter(
      (each) => subjectOf(each) === artifact.descriptor.digest,
    );
    const digests = (each: readonly { readonly digest: Digest }[]) => each.map(({ digest }) => digest);
    sameSet("referrers", digests(found), digests(expected.map(({ descriptor }) => descriptor)));
  }
}
