import { digestOf } from "../../src/oci/digest.ts";
import { noise } from "../../src/testing/streams.ts";
import type { Bench, Registry } from "../../tests/bench.ts";

/** A large blob in a file, another one each time it is asked for: a registry would skip what it has. */
export class LargeBlob {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly path: string;
  #count = 0;

  constructor(bench: Bench, size: number) {
    this.#bytes = noise(size);
    this.path = bench.path(`blob-${size}`);
  }

  get size(): number {
    return this.#bytes.byteLength;
  }

  /** Write the next one, and give its digest. */
  async next(): Promise<string> {
    new DataView(this.#bytes.buffer).setUint32(0, ++this.#count);
    await Bun.write(this.path, this.#bytes);
    return digestOf(this.#bytes);
  }
}

/** Take a blob's file out of a registry's data, wherever it keeps it: the guest memory of each round's would slow the next. */
export async function forget({ folder }: Registry, digest: string): Promise<void> {
  const hex = digest.slice("sha256:".length);
  for (const pattern of [`**/${hex}`, `**/${hex}/data`])
    for await (const file of new Bun.Glob(pattern).scan({ cwd: folder, absolute: true }))
      await Bun.file(file).delete();
}
