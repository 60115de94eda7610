import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Artifact, blobOf, imageOf } from "../../src/testing/artifacts.ts";
import { noise } from "../../src/testing/streams.ts";
import { asking, Witness } from "../../src/testing/witness.ts";
import type { Bench } from "../bench.ts";
import { type Started, started } from "./serving.ts";

/** The built binary's registry over a data directory of the bench. */
export const serving = (bench: Bench, data = "data"): Promise<Started> =>
  started(bench, ["--addr", "127.0.0.1:0", "--data", data]);

/** An image that is another one for each seed. */
export const imageNumber = (seed: number): Artifact => imageOf([blobOf(noise(2000, seed))]);

/** A client that pushes and remembers, also when the registry has moved elsewhere. */
export class Hand {
  readonly witness: Witness;
  url: string;

  constructor(url: string, repository: string) {
    this.url = url;
    this.witness = new Witness((line, ...rest) => asking(this.url)(line, ...rest), repository);
  }

  /** Push an image of its own; gives whether all of it was acknowledged. */
  async push(seed: number): Promise<boolean> {
    const image = imageNumber(seed);
    for (const blob of image.blobs) if (!(await this.witness.blob(blob, "whole"))) return false;
    return this.witness.manifest(image, `v${seed}`);
  }
}

/** The names of the blobs of a data directory. */
export const blobsOf = async (folder: string): Promise<string[]> =>
  (await readdir(join(folder, "blobs", "sha256"))).sort();

/** Turn a bit in one blob of a data directory; gives its digest. */
export async function rot(folder: string): Promise<string> {
  const [name = ""] = await blobsOf(folder);
  const path = join(folder, "blobs", "sha256", name);
  const bytes = await readFile(path);
  bytes[0]! ^= 1;
  await chmod(path, 0o644);
  await writeFile(path, bytes);
  return `sha256:${name}`;
}
