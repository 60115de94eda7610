import { adopt } from "../../../src/adopt/adopt.ts";
import { noCounts } from "../../../src/adopt/adoption.ts";
import { bringInto } from "../../../src/adopt/bring.ts";
import { Tree } from "../../../src/adopt/tree.ts";
import type { FileSystem } from "../../../src/files/filesystem.ts";
import { type Artifact, type Content, imageOf, indexOf } from "../../../src/testing/artifacts.ts";
import { DistributionData } from "../../../src/testing/distribution.ts";
import type { FileRegistry } from "../../../src/testing/fileRegistry.ts";
import type { Witness } from "../../../src/testing/witness.ts";

/** A small directory of a CNCF Distribution, and how it is adopted. */
export class OldRegistry {
  static readonly repositories = ["old/a", "old/b"];
  readonly #how: "link" | "copy";
  readonly #image: Artifact;
  readonly #index: Artifact;

  /** @param contents what its images are of */
  constructor(how: "link" | "copy", contents: readonly Content[]) {
    this.#how = how;
    this.#image = imageOf(contents);
    this.#index = indexOf([this.#image, imageOf(contents.slice(1), { annotations: { number: "two" } })]);
  }

  /** Write it. */
  async fill(root: string): Promise<void> {
    const [a, b] = OldRegistry.repositories as [string, string];
    const there = new DistributionData(root);
    await there.push(a, this.#index, "1", "2");
    await there.push(b, this.#image, "1");
  }

  /** Adopt it. Gives whether all of it was, without a complaint; then `witnesses`, one a repository, count on it. */
  async adopted(
    fs: FileSystem,
    root: string,
    { blobs, store }: FileRegistry,
    [a, b]: readonly Witness[],
  ): Promise<boolean> {
    let complaints = 0;
    const found = () => void complaints++;
    const done = await adopt({
      source: new Tree(fs, new DistributionData(root).path(), found),
      bring: bringInto(blobs, this.#how),
      ...{ store, found, force: false, signal: new AbortController().signal, counts: noCounts() },
    }).then(
      () => complaints === 0,
      () => false,
    );
    if (!done) return false;
    a?.trust(this.#index, "1", "2");
    b?.trust(this.#image, "1");
    return true;
  }
}
