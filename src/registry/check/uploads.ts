import type { Upload } from "../../catalog/catalog.ts";
import { everyItem } from "../pages.ts";
import type { Examined } from "./finding.ts";

/**
 * Every upload session: what was acknowledged of it is there. Rows are read before the files: bytes come before the row that
 * acknowledges them.
 */
export async function checkUploads({ catalog, blobs, signal, tell }: Examined): Promise<void> {
  const sessions = await Array.fromAsync(
    everyItem<Upload, string>(
      (after) => catalog.uploads({ after, limit: 256 }),
      ({ id }) => id,
    ),
  );
  const ingests = await Array.fromAsync(blobs.ingests());
  const sizes = new Map(ingests.map(({ name, size }) => [name, size]));
  for (const { id, repository, offset } of sessions) {
    signal.throwIfAborted();
    const size = sizes.get(id) ?? 0;
    // It may have ended between the two.
    if (size < offset && (await catalog.upload(id)) !== undefined)
      tell({
        level: "fault",
        where: `upload ${id} of ${repository}`,
        message: `it has ${size} bytes, and ${offset} were acknowledged`,
      });
  }
}

/** A push in one request has no session, and its ingest goes on changing until the body has stalled for too long, in ms. */
const longest = 3600_000;

/**
 * Every ingest without a session is waste, unless a push may still be at it.
 * @param before those that were there a while ago: a session that has just ended still has its ingest for a moment
 */
export async function checkIngests(
  { catalog, blobs, alone, now, tell }: Examined,
  before: ReadonlySet<string>,
): Promise<void> {
  for await (const { name, size, changed } of blobs.ingests())
    if (
      before.has(name) &&
      (alone || changed < now() - longest) &&
      (await catalog.upload(name)) === undefined
    )
      tell({ level: "waste", where: `ingest/${name}`, message: `no upload goes on with it: ${size} bytes` });
}
