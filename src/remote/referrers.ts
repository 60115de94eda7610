import { type Descriptor, describe, parseDescriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { isObject, jsonBytes, parseJsonObject } from "../oci/json.ts";
import { manifestsOf, parseManifest } from "../oci/manifest.ts";
import { mediaTypes } from "../oci/mediaTypes.ts";
import type { RepositoryName } from "../oci/reference.ts";
import { referrersTag } from "../oci/referrers.ts";
import type { Reads, Writes } from "../oci/repository.ts";
import { nonsense } from "./errors.ts";
import { pagesOf } from "./listing.ts";
import type { Session } from "./session.ts";

/** Times that a list is read again because another client changed it in between. */
const triesLimit = 5;

/**
 * Who refers to whom in a repository of a registry. Registries without an API for it know nothing of subjects; there the
 * clients keep an index under a tag of the subject (distribution-spec, "Referrers Tag Schema").
 */
export class Referrers {
  readonly #session: Session;
  readonly #repository: RepositoryName;
  readonly #manifests: Pick<Reads & Writes, "manifest" | "pushManifest">;
  /** Changes of lists in this process, one at a time: many referrers of one subject may be pushed at once. */
  #turn: Promise<void> = Promise.resolve();

  constructor(
    session: Session,
    repository: RepositoryName,
    manifests: Pick<Reads & Writes, "manifest" | "pushManifest">,
  ) {
    this.#session = session;
    this.#repository = repository;
    this.#manifests = manifests;
  }

  async *list(subject: Digest, artifactType?: string): AsyncIterable<Descriptor> {
    const wanted = (each: Descriptor) => artifactType === undefined || each.artifactType === artifactType;
    let known = false;
    for await (const page of this.#pages(subject, artifactType)) {
      known = true;
      yield* page.filter(wanted);
    }
    if (known) return;
    const stored = await this.#manifests.manifest(referrersTag(subject));
    if (stored !== undefined)
      yield* manifestsOf(parseManifest(stored.bytes, stored.descriptor.mediaType)).filter(wanted);
  }

  /** Note a referrer in the subject's list. For registries that did not note it themselves. */
  async add(subject: Digest, referrer: Descriptor): Promise<void> {
    await this.#change(subject, (list) =>
      list.some((each) => isObject(each) && each.digest === referrer.digest) ? list : [...list, referrer],
    );
  }

  /** Take a deleted referrer out of the subject's list, where there is no API that does it. */
  async remove(subject: Digest, referrer: Digest): Promise<void> {
    for await (const _ of this.#pages(subject, undefined)) return;
    await this.#change(subject, (list) =>
      list.filter((each) => !(isObject(each) && each.digest === referrer)),
    );
  }

  /** The pages of the API; none at all where the registry has no such API. */
  async *#pages(subject: Digest, artifactType: string | undefined): AsyncIterable<Descriptor[]> {
    const doing = `list referrers of ${subject} in ${this.#session.registry}/${this.#repository}`;
    const query = artifactType === undefined ? "" : `?${new URLSearchParams({ artifactType })}`;
    const path = `/v2/${this.#repository}/referrers/${subject}${query}`;
    for await (const page of pagesOf(this.#session, doing, path, mediaTypes.index)) {
      const list = page.manifests ?? [];
      if (!Array.isArray(list)) throw nonsense(doing, "the registry's list has no manifests");
      yield list.map((each, i) => parseDescriptor(each, `manifests[${i}]`));
    }
  }

  #change(subject: Digest, change: (list: readonly unknown[]) => readonly unknown[]): Promise<void> {
    const work = this.#turn.then(async () => {
      for (let tries = 1; ; tries++)
        try {
          return await this.#rewrite(subject, change);
        } catch (error) {
          if (!(error instanceof ChartroomError && error.code === "conflict") || tries === triesLimit)
            throw error;
        }
    });
    this.#turn = work.catch(() => {});
    return work;
  }

  /** Entries stay as they are, with members that we do not know. What the tag held is expected to be there still. */
  async #rewrite(subject: Digest, change: (list: readonly unknown[]) => readonly unknown[]): Promise<void> {
    const tag = referrersTag(subject);
    const stored = await this.#manifests.manifest(tag);
    if (stored !== undefined && stored.descriptor.mediaType !== mediaTypes.index)
      throw nonsense(`note a referrer of ${subject}`, `the tag ${tag} holds no list of referrers`);
    const document = stored === undefined ? {} : parseJsonObject(stored.bytes, `index of ${tag}`);
    const before = Array.isArray(document.manifests) ? document.manifests : [];
    const manifests = change(before);
    if (manifests.length === before.length) return;
    const bytes = jsonBytes({ ...document, schemaVersion: 2, mediaType: mediaTypes.index, manifests });
    await this.#manifests.pushManifest(describe(bytes, mediaTypes.index), bytes, {
      tags: [tag],
      expect: stored?.descriptor.digest ?? "absent",
    });
  }
}
