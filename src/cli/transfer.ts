import { copy } from "../oci/copy.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { limiter } from "../oci/limiter.ts";
import { parseReference, type Tag } from "../oci/reference.ts";
import { referrersTag } from "../oci/referrers.ts";
import type { StoredManifest } from "../oci/repository.ts";
import { namedManifest, tagTaken } from "./named.ts";
import type { OpenPlace } from "./openPlace.ts";
import { formatOne, type One } from "./place.ts";
import type { Progress } from "./progress.ts";

/** Two places, and how things go from one to the other. */
export interface Transfers {
  readonly source: OpenPlace;
  readonly target: OpenPlace;
  /** Whether signatures and whatever else refers to a manifest go along. */
  readonly referrers: boolean;
  /** Called with what was named before anything of it goes over: throw to refuse it. */
  readonly admits?: (root: StoredManifest) => void;
  /** Whether a tag that holds another manifest is replaced. */
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Turns of blobs that go to the same place, by what stands for the place and the blob. */
  readonly turns: Map<string, ReturnType<typeof limiter>>;
}

/** One reference, and what it is called where it goes: without a tag it is there by its digest. */
export interface Job {
  readonly source: One;
  readonly target: Pick<One, "repository" | "tag">;
}

/** What became of one. */
export interface Transferred extends Job {
  /** The target's name for it, with the digest where there is no tag. */
  readonly ref: string;
  readonly manifest: Descriptor;
  readonly status: "copied" | "exists" | "dry-run";
  /** What the target's tag held before, and holds no more. */
  readonly replaced?: Digest | undefined;
  /** How many manifests went along because they refer to another. */
  readonly referrers: number;
  /** All manifests that were looked at. */
  readonly manifests: ReadonlySet<Digest>;
}

/**
 * Copy one manifest with all it names.
 * @throws ChartroomError `not_found`; `conflict` when the target's tag holds another manifest; `usage` when the target gives
 *   it no name; what `copy` throws
 */
export async function transfer(transfers: Transfers, job: Job): Promise<Transferred> {
  const { source, target, referrers, force, dryRun, progress, signal } = transfers;
  const { repository, tag } = job.target;
  signal.throwIfAborted();
  const reads = source.reads(job.source.repository);
  const root = await namedManifest(reads, job.source, () => source.notFound(formatOne(job.source)));
  transfers.admits?.(root);
  const { descriptor } = root;
  const ref = formatOne(tag === undefined ? { repository, digest: descriptor.digest } : { repository, tag });
  if (repository === "" && tag === undefined)
    throw new ChartroomError("usage", `Cannot name ${descriptor.digest} in the target: expected a tag`);
  const held = (await target.reads(repository).resolve(tag ?? descriptor.digest))?.digest;
  const there = held === descriptor.digest;
  if (held !== undefined && !there && !force) throw tagTaken(ref, held, descriptor.digest, "copied");

  const manifests = new Set([descriptor.digest]);
  const result = { ...job, ref, manifest: descriptor, referrers: 0, manifests };
  if (dryRun) return { ...result, status: there ? "exists" : "dry-run" };
  // A registry keeps whole what it has; files of a layout may be damaged, and are mended.
  const trustPresent = target.host !== undefined;
  if (there && trustPresent && !referrers) return { ...result, status: "exists" };
  const copied = await target.writing(async (writer) => {
    const done = await copy(reads, writer.repository(repository), root, {
      tags: tag === undefined ? [] : [tag],
      expect: force ? "any" : "absent",
      referrers,
      mountFrom: mountSource(transfers, job),
      trustPresent,
      turn: (blob, work) => turnOf(transfers, repository, blob)(work),
      progress,
      signal,
    });
    if (tag === undefined) await writer.name(ref, descriptor);
    return done;
  });
  if (there) return { ...result, ...copied, status: "exists" };
  return { ...result, ...copied, status: "copied", replaced: held };
}

/** A layout keeps blobs for all its repositories, a registry for each. */
function turnOf({ target, turns }: Transfers, repository: string, blob: Digest) {
  const key = target.host === undefined ? blob : `${repository}@${blob}`;
  const turn = turns.get(key) ?? limiter(1);
  turns.set(key, turn);
  return turn;
}

/** What the source is called in the target's own registry; undefined when it is none, or the same repository. */
function mountSource({ source, target }: Transfers, job: Job) {
  if (source.host === undefined || source.host !== target.host) return undefined;
  if (job.source.repository === job.target.repository) return undefined;
  return parseReference(job.source.repository).repository;
}

/**
 * The tags by which cosign before version 3 names signatures, attestations and SBOMs of what was copied
 * (`sha256-<hex>.sig`), as jobs. They refer to a manifest by their name alone.
 */
export async function signatureJobs({ source }: Transfers, done: Transferred): Promise<Job[]> {
  const beginnings = [...done.manifests].map((digest) => `${referrersTag(digest)}.`);
  const jobs: Job[] = [];
  const { repository } = done.source;
  for await (const tag of source.reads(repository).tags())
    if (beginnings.some((each) => tag.startsWith(each))) jobs.push(sameTag(done, tag));
  return jobs;
}

const sameTag = ({ source, target }: Job, tag: Tag): Job => ({
  source: { repository: source.repository, tag },
  target: { repository: target.repository, tag },
});
