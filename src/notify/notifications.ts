import { AsyncLocalStorage } from "node:async_hooks";
import type { Catalog } from "../catalog/catalog.ts";
import type { Command } from "../catalog/command.ts";
import { type Action, blobTarget, eventOf, isTold, manifestTarget } from "../catalog/event.ts";
import type { Occasion, RequestRecord } from "../catalog/occasion.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { blobsOf, manifestsOf, parseManifest } from "../oci/manifest.ts";
import { mediaTypes } from "../oci/mediaTypes.ts";
import type { RepositoryName, Tag } from "../oci/reference.ts";
import type { StoredManifest } from "../oci/repository.ts";
import { replacing } from "../registry/replacing.ts";
import { type Endpoint, wants } from "./endpoint.ts";
import { Pulls } from "./pulls.ts";
import { Sender, type SenderOptions } from "./sender.ts";

export interface NotificationsOptions extends Omit<SenderOptions, "catalog"> {
  readonly endpoints: readonly Endpoint[];
  /** Whether it is told what a manifest names. */
  readonly includeReferences: boolean;
  readonly source: Occasion["source"];
  /** Now, ms since 1970. */
  readonly now: () => number;
}

/** A request that is served. */
export interface Asked extends Pick<Occasion, "base" | "actor"> {
  readonly request: RequestRecord;
}

/** References that take more room than this in an event, in characters, are left out of it: some 250 of them. */
const referencesRoom = 64 * 1024;
/** So much is told of what a client says of itself, in characters. */
const saidRoom = 1000;

/**
 * Tells endpoints what happens, as CNCF Distribution does. What is written is told by rows of the same transaction: the
 * catalog that stands in front of the registry gives each command that a request brings about its occasion. Pulls are
 * gathered (`Pulls`), and each endpoint has a `Sender`.
 */
export class Notifications {
  readonly #options: NotificationsOptions;
  readonly #asked = new AsyncLocalStorage<Asked>();
  readonly #catalog: Catalog;
  readonly #pulls: Pulls;
  readonly senders: readonly Sender[];

  /** @param catalog what is asked and written by itself, and what `catalog` stands in front of */
  constructor(catalog: Catalog, options: NotificationsOptions) {
    this.#options = options;
    this.#catalog = catalog;
    this.senders = options.endpoints.map((endpoint) => new Sender(endpoint, { catalog, ...options }));
    this.#pulls = new Pulls(async (events) => {
      await catalog.apply({ kind: "tell-events", events });
      this.#wake();
    });
  }

  /** Pulls that were lost because the catalog took nothing for long. */
  get lostPulls(): number {
    return this.#pulls.lost;
  }

  /** The number of the newest event there is to tell. */
  lastEvent(): Promise<number> {
    return this.#catalog.lastEvent();
  }

  /** A catalog whose commands are told of, where a request brings them about that is no pull. */
  get catalog(): Catalog {
    return replacing(this.#catalog, {
      apply: async (command) => {
        const told = this.#withOccasion(command);
        const outcome = await this.#catalog.apply(told);
        if (isTold(told)) this.#wake();
        return outcome;
      },
    });
  }

  /** Go on where the last run ended. Whoever was an endpoint then and is none now is forgotten, with what it was to be told. */
  async start(): Promise<void> {
    const names = this.#options.endpoints.map(({ name }) => name);
    const { had } = await this.#catalog.apply({ kind: "open-endpoints", names });
    for (const [at, sender] of this.senders.entries()) sender.start(had[at] ?? 0);
  }

  /** End at once: what was not told is told after the next start. */
  async close(): Promise<void> {
    await Promise.all(this.senders.map((sender) => sender.stop()));
    await this.#pulls.flush();
  }

  /** Do what a request asks for: what is written and pulled meanwhile is its doing. */
  during<T>(asked: Asked, work: () => T): T {
    const { host, useragent } = asked.request;
    const request = {
      ...asked.request,
      host: host?.slice(0, saidRoom),
      useragent: useragent.slice(0, saidRoom),
    };
    return this.#asked.run({ ...asked, request }, work);
  }

  /** The request under way was answered with a blob, or some of it. */
  pulledBlob(repository: RepositoryName, blob: Pick<Descriptor, "digest" | "size">): void {
    const occasion = this.#occasion("pull", mediaTypes.octets);
    if (occasion === undefined) return;
    this.#pulls.add(JSON.stringify(eventOf(occasion, "pull", blobTarget(occasion, repository, blob))));
  }

  /** The request under way was answered with a manifest. @param tag by which it was asked for, if by one */
  pulledManifest(
    repository: RepositoryName,
    { descriptor, bytes }: StoredManifest,
    tag: Tag | undefined,
  ): void {
    const occasion = this.#occasion("pull", descriptor.mediaType, bytes);
    if (occasion === undefined) return;
    const target = manifestTarget(occasion, repository, descriptor, tag);
    this.#pulls.add(JSON.stringify(eventOf(occasion, "pull", target)));
  }

  #withOccasion<C extends Command>(command: C): C {
    const { method } = this.#asked.getStore()?.request ?? { method: "GET" };
    // What a pull writes is the registry's own affair: a mirror keeps what it fetched.
    if (method === "GET" || method === "HEAD") return command;
    const occasion = this.#occasionOf(command);
    return occasion === undefined ? command : { ...command, occasion };
  }

  #occasionOf(command: Command): Occasion | undefined {
    switch (command.kind) {
      case "link-blob":
        return this.#occasion("push", mediaTypes.octets);
      case "mount-blob":
        return this.#occasion("mount", mediaTypes.octets);
      case "put-manifest":
        return this.#occasion("push", command.descriptor.mediaType, command.bytes);
      case "untag":
      case "delete-manifest":
      case "unlink-blob":
        return this.#occasion("delete", undefined);
    }
    return undefined;
  }

  /** The occasion of an event, if some endpoint wants it. @param manifest whose references may be told */
  #occasion(action: Action, mediaType: string | undefined, manifest?: Uint8Array): Occasion | undefined {
    const { endpoints, includeReferences, source, now } = this.#options;
    const asked = this.#asked.getStore();
    if (asked === undefined || !endpoints.some((endpoint) => wants(endpoint, action, mediaType)))
      return undefined;
    const references =
      includeReferences && manifest !== undefined ? referencesOf(manifest, mediaType ?? "") : undefined;
    return { id: crypto.randomUUID(), at: now(), ...asked, source, references };
  }

  #wake(): void {
    for (const sender of this.senders) sender.wake();
  }
}

/** What a manifest names, config first; undefined when it names nothing, or too much, or cannot be read. */
function referencesOf(bytes: Uint8Array, mediaType: string): Descriptor[] | undefined {
  try {
    const manifest = parseManifest(bytes, mediaType);
    const references = [...blobsOf(manifest), ...manifestsOf(manifest)];
    const fits = references.length > 0 && JSON.stringify(references).length <= referencesRoom;
    return fits ? references : undefined;
  } catch {
    // No request fails because of what would have been told of it.
    return undefined;
  }
}
