import type { Questions } from "../catalog/catalog.ts";
import type { BlobRow } from "../catalog/scans.ts";
import type { Digest } from "../oci/digest.ts";
import { everyItem } from "./pages.ts";

/** Rows on a page: each is read at once, and takes a millisecond or two. */
const pageSize = 256;

/** Every blob that some repository has, each once, in order of digest. */
export const blobRows = (catalog: Questions): AsyncGenerator<BlobRow> =>
  everyItem<BlobRow, Digest>(
    (after) => catalog.blobs({ after, limit: pageSize }),
    ({ digest }) => digest,
  );

/** Every manifest that some repository holds, each once, in order of digest. */
export const manifestDigests = (catalog: Questions): AsyncGenerator<Digest> =>
  everyItem<Digest, Digest>(
    (after) => catalog.manifests({ after, limit: pageSize }),
    (digest) => digest,
  );
