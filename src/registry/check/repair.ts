import { dirname, relative } from "node:path";
import type { Blobs } from "../../blobs/blobs.ts";
import { blobPathIn } from "../../blobs/filesystem.ts";
import { isWhole } from "../../blobs/whole.ts";
import { makeDirectory, syncDirectory } from "../../files/durable.ts";
import { errorCode, type FileSystem, ifThere } from "../../files/filesystem.ts";
import { algorithmOf, type Digest, digestOf } from "../../oci/digest.ts";
import { artifactTypeOf, parseManifest } from "../../oci/manifest.ts";
import type { RepositoryName } from "../../oci/reference.ts";
import type { DataPaths } from "../dataPaths.ts";
import type { Registry } from "../registry.ts";
import type { Store } from "../store.ts";
import type { Finding, Mend } from "./finding.ts";
import { namedBy } from "./manifests.ts";

/** One thing that a repair did. */
export interface Repaired {
  readonly where: string;
  readonly message: string;
  /** Whether somebody has to bring something again. */
  readonly lost: boolean;
}

/** What a repair works on: a registry that may serve meanwhile, kept in files. */
export interface Repairable {
  readonly fs: FileSystem;
  readonly paths: DataPaths;
  readonly store: Pick<Store, "blobs" | "catalog" | "now">;
  readonly registry: Registry;
  /** Blobs that were put aside. */
  readonly aside: Blobs;
}

/**
 * Mend what a check found, if that is still so, and say what was done; undefined where nothing is to be done, or can be.
 * Nothing that is good is lost: bytes that are wrong are put aside, rows that lead to none are taken away, so that the next
 * push brings the blob again, and what follows from a manifest's bytes is written anew from them.
 * @throws ChartroomError `busy` while a backup is under way; node's errors
 */
export async function repair(
  { where, message, mend }: Finding,
  on: Repairable,
  signal: AbortSignal,
): Promise<Repaired | undefined> {
  if (mend === undefined) return undefined;
  const done = await menders[mend.kind](on, mend as never, signal);
  return done && { where, message: `${message}; ${done.message}`, lost: done.lost };
}

type Done = Omit<Repaired, "where"> | undefined;
type Menders = {
  readonly [M in Mend as M["kind"]]: (on: Repairable, mend: M, signal: AbortSignal) => Promise<Done>;
};

const menders: Menders = {
  async "lost-blob"(on, { digest }, signal) {
    if ((await verdictOn(on.store.blobs, digest, signal)) !== "lost") return undefined;
    let aside: string | undefined;
    let trouble = "";
    const repositories = await on.registry.collector.lose(digest, async () => {
      try {
        aside = await putAside(on, digest);
      } catch (error) {
        // The rows are gone, and that must be told. What stays is replaced by the next push, and waste until then.
        trouble = `it could not be put aside (${error instanceof Error ? error.message : String(error)}), and `;
      }
    });
    if (repositories.length === 0) return undefined;
    // A push may have put it anew just before: it was told so, and what was put aside is that. The rows are gone, so nothing
    // ends this any more.
    if (aside !== undefined && (await isWhole(on.aside, digest).catch(() => false))) {
      await pushAgain(on, digest, repositories);
      return undefined;
    }
    const kept = aside === undefined ? trouble : `it was put aside as ${aside}, and `;
    const names = repositories.join(", ");
    return { lost: true, message: `${kept}it is taken out of ${names}: push it there again` };
  },

  async "manifest-rows"({ store: { catalog, now } }, { digest, repository }) {
    const stored = await catalog.manifest(repository, digest);
    if (stored === undefined || digestOf(stored.bytes, algorithmOf(digest)) !== digest) return undefined;
    const { descriptor } = stored;
    const manifest = parseManifest(stored.bytes, descriptor.mediaType);
    await catalog.apply({
      ...{ kind: "restate-manifest", repository, descriptor, named: namedBy(manifest), at: now() },
      ...{ subject: manifest.subject?.digest, artifactType: artifactTypeOf(manifest) },
      annotations: manifest.annotations,
    });
    return { lost: false, message: "they were written anew from its bytes" };
  },

  async orphan({ registry }, { digest }) {
    const freed = await registry.collector.take(digest);
    return freed === undefined ? undefined : { lost: false, message: "it was removed" };
  },
};

/** What says nothing of a blob's bytes: they may not be read, or nothing can be opened just now. */
const untold = new Set(["EACCES", "EPERM", "EMFILE", "ENFILE", "ENOMEM"]);

/** What is so of a blob's bytes now. @throws the signal's reason */
async function verdictOn(
  blobs: Blobs,
  digest: Digest,
  signal: AbortSignal,
): Promise<"whole" | "lost" | "untold"> {
  try {
    return (await isWhole(blobs, digest, signal)) ? "whole" : "lost";
  } catch (error) {
    signal.throwIfAborted();
    return untold.has(errorCode(error) ?? "") ? "untold" : "lost";
  }
}

/** Move a blob's file into the quarantine; gives where it is then, below the data directory. */
async function putAside({ fs, paths }: Repairable, digest: Digest): Promise<string | undefined> {
  const [from, to] = [blobPathIn(paths.blobs, digest), blobPathIn(paths.quarantine, digest)];
  await makeDirectory(fs, dirname(to));
  if ((await ifThere(fs.rename(from, to).then(() => true))) === undefined) return undefined;
  for (const path of [to, from]) await syncDirectory(fs, dirname(path));
  return relative(paths.root, to);
}

/** Give a blob that was put aside back to the repositories that had it, as a push of it would. */
async function pushAgain(
  { aside, registry }: Repairable,
  digest: Digest,
  repositories: readonly RepositoryName[],
): Promise<void> {
  for (const repository of repositories) {
    const body = await aside.read(digest);
    if (body !== undefined) await registry.uploads.receive(repository, digest, { body });
  }
  await aside.remove(digest);
}
