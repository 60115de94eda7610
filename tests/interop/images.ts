import { rawEntry, rawTar } from "../../src/testing/archives.ts";
import type { Bench } from "./support.ts";

/** What the one file of an image holds that `pushedImage` makes; it is called `content.txt`. */
export const content = "hello\n";

/**
 * Make a container image of one layer with crane and push it.
 * @param large more bytes for the layer
 * @returns its manifest's digest
 */
export async function pushedImage(
  bench: Bench,
  ref: string,
  large: Uint8Array = new Uint8Array(),
): Promise<string> {
  const layer = [rawEntry({ name: "content.txt", content }), rawEntry({ name: "large.bin", content: large })];
  await Bun.write(bench.path("layer.tar"), rawTar(layer));
  await bench.done("crane", ["append", "--oci-empty-base", "--new_layer", "layer.tar", "--new_tag", ref]);
  return (await bench.done("crane", ["digest", ref])).trimEnd();
}
