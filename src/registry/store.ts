import type { Blobs } from "../blobs/blobs.ts";
import type { Catalog } from "../catalog/catalog.ts";

/** What a registry is kept in. */
export interface Store {
  readonly blobs: Blobs;
  readonly catalog: Catalog;
  /** Now, ms since 1970. */
  readonly now: () => number;
}
