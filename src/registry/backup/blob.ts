import type { Blobs } from "../../blobs/blobs.ts";
import { blobPathIn } from "../../blobs/filesystem.ts";
import { cannotLink } from "../../blobs/place.ts";
import type { BlobRow } from "../../catalog/scans.ts";
import { errorCode, type FileSystem } from "../../files/filesystem.ts";
import { algorithmOf, hexOf } from "../../oci/digest.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { otherBytes, troubleOf, unreadable } from "../trouble.ts";

/** Two places of blobs, and the directories that they lie in. */
export interface BlobPlaces {
  readonly fs: FileSystem;
  readonly from: Blobs;
  readonly fromDirectory: string;
  readonly to: Blobs;
  readonly toDirectory: string;
}

/** What became of a blob: it was there, it has a second name now, its bytes were copied; or what is wrong with it. */
export type Placed = "kept" | "linked" | "copied" | { readonly lost: string };

/**
 * Have a blob in another place too. Blobs never change, so a second name will do where both places are in one file system;
 * elsewhere the bytes are copied, and verified on the way. What is there and has the right size was put there whole. Its
 * directory is there, and is the caller's to sync.
 * @param verify reads what is linked too
 * @throws node's errors of the new place; the signal's reason
 */
export async function placeBlob(
  places: BlobPlaces,
  row: BlobRow,
  verify: boolean,
  signal: AbortSignal,
): Promise<Placed> {
  const { fs, from, to } = places;
  const { digest, size } = row;
  if ((await to.stat(digest)) === size) return "kept";
  const trouble = await troubleOf(from, row, !verify, signal);
  if (trouble !== undefined) return { lost: trouble };
  const target = blobPathIn(places.toDirectory, digest);
  try {
    await fs.rm(target, { force: true });
    await fs.link(blobPathIn(places.fromDirectory, digest), target);
    return "linked";
  } catch (error) {
    if (!cannotLink.has(errorCode(error) ?? "")) throw error;
  }
  return copyBlob(places, row, signal);
}

async function copyBlob({ from, to }: BlobPlaces, { digest }: BlobRow, signal: AbortSignal): Promise<Placed> {
  const stream = await from.read(digest);
  if (stream === undefined) return { lost: "its bytes are missing" };
  const body = readable(stream, signal);
  try {
    await using ingest = await to.ingest(`${algorithmOf(digest)}-${hexOf(digest)}`);
    await ingest.truncate(0);
    await ingest.append(body);
    await ingest.commit(digest);
    await ingest.discard();
    return "copied";
  } catch (error) {
    if (error instanceof Unreadable) return { lost: error.message };
    if (error instanceof ChartroomError && error.code === "not_verified") return { lost: otherBytes };
    throw error;
  } finally {
    // Who failed before he read it has left it open; who read it holds it, and has ended it.
    await body.cancel().catch(() => {});
  }
}

/** The place that is read fails, not the one that is written. */
class Unreadable extends Error {}

/** A stream whose failures are known for its own, and which ends when the signal says so. */
function readable(stream: ReadableStream<Uint8Array>, signal: AbortSignal): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (signal.aborted) {
          await reader.cancel(signal.reason);
          throw signal.reason;
        }
        const { done, value } = await reader.read().catch((cause: unknown) => {
          throw new Unreadable(unreadable(cause), { cause });
        });
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
