import { prune as pruneLayout } from "../../layout/prune.ts";
import type { Context } from "../context.ts";
import { print } from "../output.ts";
import { openStore, type StoreOptions } from "../store.ts";
import { countOf, sizeInWords } from "../words.ts";

interface PruneOptions extends StoreOptions {
  readonly dryRun?: boolean;
}

/** `chart prune`: free at once what no name in the store leads to. */
export async function prune(_args: string[], options: PruneOptions, context: Context): Promise<void> {
  const { dryRun = false } = options;
  const { blobs, freed } = await pruneLayout(openStore(options, context), { dryRun, signal: context.signal });
  const lines = blobs.map(({ digest, size }) => `${digest}  ${sizeInWords(size)}\n`).join("");
  const verb = dryRun ? "Would free" : "Freed";
  print(context, options, {
    text: `${lines}${verb} ${countOf(blobs.length, "blob")}, ${sizeInWords(freed)}\n`,
    json: { status: dryRun ? "dry-run" : "pruned", blobs, freed },
    quiet: blobs.length === 0 ? undefined : blobs.map(({ digest }) => digest).join("\n"),
  });
}
