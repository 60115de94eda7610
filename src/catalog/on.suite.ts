import type { Catalog } from "./catalog.ts";

/** Declare a test over an empty catalog of its own. */
export type On = (title: string, body: (catalog: Catalog) => Promise<void>) => void;
