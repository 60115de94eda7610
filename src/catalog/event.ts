import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { mediaTypes } from "../oci/mediaTypes.ts";
import type { RepositoryName, Tag } from "../oci/reference.ts";
import type { Command } from "./command.ts";
import type { Occasion, Telling } from "./occasion.ts";

/** What happened to something. */
export type Action = "push" | "pull" | "mount" | "delete";

/** What it happened to. Of what was deleted there are only its names. */
export interface Target extends Partial<Pick<Descriptor, "mediaType" | "digest" | "size">> {
  /** The size once more, for receivers of before Distribution 2.1. */
  readonly length?: number;
  readonly repository: RepositoryName;
  readonly fromRepository?: RepositoryName;
  readonly url?: string;
  readonly tag?: Tag | undefined;
  readonly references?: readonly Descriptor[] | undefined;
}

/**
 * An event as CNCF Distribution's endpoints get it (its `notifications/event.go`; media type
 * `application/vnd.docker.distribution.events.v2+json`).
 */
export interface Event extends Pick<Occasion, "id" | "request" | "actor" | "source"> {
  /** RFC 3339 */
  readonly timestamp: string;
  readonly action: Action;
  readonly target: Target;
}

/** A command that has an occasion. */
export type Told = Extract<Command, Telling> & { readonly occasion: Occasion };

/** Whether a command is to be told of. */
export const isTold = (command: Command): command is Told =>
  "occasion" in command && command.occasion !== undefined;

/** An event of something that happened on an occasion. @param number its place among the events of that occasion */
export function eventOf(occasion: Occasion, action: Action, target: Target, number = 0): Event {
  const { id, at, request, actor, source } = occasion;
  return {
    id: number === 0 ? id : `${id}.${number}`,
    timestamp: new Date(at).toISOString(),
    action,
    target,
    request,
    actor,
    source,
  };
}

/** A blob as a target: of what is in it a registry knows nothing. */
export const blobTarget = (
  { base }: Occasion,
  repository: RepositoryName,
  { digest, size }: { readonly digest: Digest; readonly size: number },
): Target => ({
  mediaType: mediaTypes.octets,
  digest,
  size,
  length: size,
  repository,
  url: `${base}/v2/${repository}/blobs/${digest}`,
});

/** A manifest as a target, with the tag that was asked for or set. */
export const manifestTarget = (
  { base, references }: Occasion,
  repository: RepositoryName,
  { mediaType, digest, size }: Descriptor,
  tag: Tag | undefined,
): Target => ({
  mediaType,
  digest,
  size,
  length: size,
  repository,
  url: `${base}/v2/${repository}/manifests/${digest}`,
  tag,
  references,
});

/**
 * What there is to tell of a command that was done: one event, or one for each tag that was set or went.
 * @param size of a mounted blob, in bytes
 * @param tags that went with a deleted manifest
 */
export function eventsOf(command: Told, size: number, tags: readonly Tag[]): Event[] {
  const { occasion, repository } = command;
  const all = (action: Action, targets: readonly Target[]) =>
    targets.map((target, number) => eventOf(occasion, action, target, number));
  switch (command.kind) {
    case "link-blob":
      return all("push", [blobTarget(occasion, repository, command)]);
    case "mount-blob": {
      const target = blobTarget(occasion, repository, { digest: command.digest, size });
      return all("mount", [{ ...target, fromRepository: command.from }]);
    }
    case "put-manifest": {
      const named = command.tags.length === 0 ? [undefined] : command.tags;
      return all(
        "push",
        named.map((tag) => manifestTarget(occasion, repository, command.descriptor, tag)),
      );
    }
    case "untag":
      return all("delete", [{ repository, tag: command.tag }]);
    case "delete-manifest":
      return all("delete", [
        { digest: command.digest, repository },
        ...tags.map((tag) => ({ repository, tag })),
      ]);
    case "unlink-blob":
      return all("delete", [{ digest: command.digest, repository }]);
  }
}
