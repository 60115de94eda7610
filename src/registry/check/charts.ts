import { misplacedCharts } from "../classic/misplaced.ts";
import type { Examined } from "./finding.ts";

/** Charts that no classic index lists, and why: nothing is wrong with them, and somebody may look for them there. */
export async function checkCharts({ catalog, signal, tell }: Examined): Promise<void> {
  for await (const { repository, tag, why } of misplacedCharts(catalog)) {
    signal.throwIfAborted();
    tell({ level: "note", where: `${repository}:${tag}`, message: `no index.yaml lists it: ${why}` });
  }
}
