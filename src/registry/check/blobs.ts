import type { BlobRow } from "../../catalog/scans.ts";
import type { Digest } from "../../oci/digest.ts";
import { eachInParallel } from "../../oci/parallel.ts";
import { blobRows } from "../scans.ts";
import { troubleOf } from "../trouble.ts";
import type { Examined } from "./finding.ts";

/** Blobs looked at at once: an open file and 256 KiB each. */
const parallel = 16;

/** Every blob that a repository has: its bytes are there, as many as its row says, and have its digest. */
export async function checkBlobs(examined: Examined): Promise<void> {
  const { catalog, blobs, shallow, signal, tell, saw } = examined;
  await eachInParallel(blobRows(catalog), parallel, async (row) => {
    signal.throwIfAborted();
    const { digest } = row;
    saw("blob", row.size);
    if ((await troubleOf(blobs, row, shallow, signal)) === undefined) return;
    // It may have been deleted or put anew since it was asked for. What is so the second time, with a row behind it, is so.
    const message = await troubleOf(blobs, row, shallow, signal);
    const [holder] = await catalog.repositoriesWithBlob(digest, 1);
    if (message === undefined || holder === undefined) return;
    tell({ level: "fault", where: digest, message, mend: { kind: "lost-blob", digest } });
  });
}

/**
 * Every blob of which the catalog knows nothing is waste; one that it waits to collect is not yet. Bytes come before rows, so
 * one may be on its way in: while it is, its ingest is there too.
 */
export async function checkOrphans({ catalog, blobs, signal, tell }: Examined): Promise<void> {
  const isKnown = async (digest: Digest) =>
    (await catalog.repositoriesWithBlob(digest, 1)).length > 0 ||
    (await catalog.unheldBytes(digest)) !== undefined;
  const suspects: BlobRow[] = [];
  for await (const blob of blobs.list()) {
    signal.throwIfAborted();
    if (!(await isKnown(blob.digest))) suspects.push(blob);
  }
  const arriving = new Set<number>();
  for await (const { size } of blobs.ingests()) arriving.add(size);
  for (const { digest, size } of suspects)
    if (!arriving.has(size) && !(await isKnown(digest)) && (await blobs.stat(digest)) !== undefined)
      tell({
        level: "waste",
        where: digest,
        message: `no repository has it: ${size} bytes`,
        mend: { kind: "orphan", digest },
      });
}
