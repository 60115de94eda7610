import type { Blobs } from "../blobs/blobs.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { ReadFacts } from "../chart/facts.ts";
import type { LeafFiles } from "./classic/leafFile.ts";

/** Where a registry departs from what it usually does. */
export interface Rules {
  /** Take manifests that name content which their repository lacks: sparse images and indexes. */
  readonly acceptMissing?: boolean;
  /** Bytes of the largest blob that is taken. */
  readonly largestBlob?: number | undefined;
  /** Delete neither tags nor manifests nor blobs. */
  readonly refuseDeletes?: boolean;
  /** How long a blob stays that no manifest of its repository names, in ms; for ever where it is not said. */
  readonly grace?: number | undefined;
  /** Whether manifests go, too, that no tag, no index and no subject has held for that long. */
  readonly untagged?: boolean;
}

/** What a registry is kept in, and by which rules. */
export interface Store {
  readonly blobs: Blobs;
  readonly catalog: Catalog;
  /** Now, ms since 1970. */
  readonly now: () => number;
  readonly rules?: Rules | undefined;
  /** How a chart's archive is read; on the caller's thread where it is not said. */
  readonly readFacts?: ReadFacts | undefined;
  /** How its templates are, alike (`chart/templates.ts`). */
  readonly readTemplates?: ((bytes: Uint8Array) => Promise<string>) | undefined;
  /** Where leaves of indexes are kept, so that a start need not make them; nowhere where it is not said. */
  readonly leafFiles?: LeafFiles | undefined;
  /** Is told that a chart was pushed. */
  readonly chartPushed?: (() => void) | undefined;
}
