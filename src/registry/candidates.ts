import type { BlobInfo } from "../blobs/blobs.ts";
import type { UnheldBytes, Waiting } from "../catalog/catalog.ts";
import type { Digest } from "../oci/digest.ts";
import { everyItem } from "./pages.ts";
import type { Store } from "./store.ts";

/** Candidates asked for at once when they are told: with a question about each, two milliseconds' work. */
const pageSize = 128;

/** What would go: a manifest or a blob out of a repository, or bytes that no repository has, off the disk. */
export type Candidate =
  | (Waiting & {
      readonly kind: "manifest";
      /** From when on, ms since 1970. */
      readonly due: number;
    })
  | (Waiting & {
      readonly kind: "blob";
      readonly due: number;
      /** Whether no other repository has it now, so that its bytes go too. */
      readonly last: boolean;
    })
  | (BlobInfo & { readonly kind: "bytes" });

/** What is asked about. */
export interface When {
  /** In ms. */
  readonly grace: number;
  /** ms since 1970 */
  readonly until: number;
  readonly untagged: boolean;
}

/**
 * What a collection would take if nothing changed: manifests, then blobs, longest waiting first, then bytes that no repository
 * has.
 */
export async function* candidates(
  { blobs, catalog }: Store,
  { grace, until, untagged }: When,
): AsyncGenerator<Candidate> {
  const waiting = (what: "loose" | "unnamed") =>
    everyItem<Waiting, Waiting>(
      (after) => catalog[what](until - grace, { after, limit: pageSize }),
      (each) => each,
    );
  if (untagged)
    for await (const manifest of waiting("loose"))
      yield { kind: "manifest", ...manifest, due: manifest.since + grace };
  for await (const blob of waiting("unnamed")) {
    const last = (await catalog.repositoriesWithBlob(blob.digest, 2)).length === 1;
    yield { kind: "blob", ...blob, due: blob.since + grace, last };
  }
  const unheld = everyItem<UnheldBytes, Digest>(
    (after) => catalog.unheld({ after, limit: pageSize }),
    ({ digest }) => digest,
  );
  for await (const { digest } of unheld) {
    const size = await blobs.stat(digest);
    if (size !== undefined) yield { kind: "bytes", digest, size };
  }
}
