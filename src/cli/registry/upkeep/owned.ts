import type { DataPaths } from "../../../registry/dataPaths.ts";
import type { OpenRegistry } from "../../wiring.ts";

/** A registry that this process owns. */
export interface Owned extends Pick<OpenRegistry, "registry" | "store"> {
  readonly paths: DataPaths;
  /** Whether it serves nobody meanwhile. */
  readonly alone: boolean;
  /** How long what nothing names is kept, in ms. */
  readonly grace: number;
}
