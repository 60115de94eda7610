import type { Blobs } from "../../blobs/blobs.ts";
import type { Questions } from "../../catalog/catalog.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { blobRows } from "../scans.ts";

/**
 * Refuse to replace a backup by one of a registry that has lost most of its blobs since: it has lost its disk, or is another
 * one that began where its disk should be mounted, and the last backup is not what should go then.
 * @throws ChartroomError `conflict` when the backup has more than twice as many blobs
 */
export async function refuseShrunk(catalog: Questions, backup: Blobs, root: string): Promise<void> {
  let before = 0;
  for await (const _ of backup.list()) before++;
  let now = 0;
  for await (const _ of blobRows(catalog)) if (2 * ++now >= before) return;
  if (before === 0) return;
  throw new ChartroomError(
    "conflict",
    `Cannot back up into ${root}: the registry has ${now} blobs, and the backup there ${before}`,
    {
      hint: "Is it the right registry, and is its disk mounted? If so, back up into a new directory. Nothing was touched.",
    },
  );
}
