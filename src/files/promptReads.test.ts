import { expect, test } from "bun:test";
import { PromptReads } from "./promptReads.ts";

/** Reads one after the other, each of which takes so many ms. @returns a letter for each: here, or by a thread */
async function made(
  reads: PromptReads,
  took: (ms: number) => void,
  times: readonly number[],
): Promise<string> {
  let how = "";
  const read = (letter: string, ms: number) => {
    how += letter;
    took(ms);
    return ms;
  };
  for (const ms of times)
    expect(
      await reads.read(
        () => read("h", ms),
        async () => read("t", ms),
      ),
    ).toBe(ms);
  return how;
}

const quick = (count: number) => new Array<number>(count).fill(0.1);
const threads = (count: number) => "t".repeat(count);

function timed() {
  let now = 0;
  const took = (ms: number) => {
    now += ms;
  };
  return { reads: new PromptReads(() => now), took };
}

test("what is in memory is read here, until one waits for the disk: the next 64 go by threads, however long they take", async () => {
  const { reads, took } = timed();
  const times = [...quick(100), 4, ...new Array<number>(64).fill(20), ...quick(2)];
  expect(await made(reads, took, times)).toBe(`${"h".repeat(101)}${threads(64)}hh`);
});

test("each that waits when it is tried again makes four times as many go by threads, up to 4096", async () => {
  const { reads, took } = timed();
  const cold = await made(reads, took, new Array(10_000).fill(4));
  expect(cold.split("h").map((each) => each.length)).toEqual([
    0,
    64,
    256,
    1024,
    4096,
    4096,
    10_000 - 9536 - 6,
  ]);
});

test("as many prompt ones in a row as would be spared let it be forgotten", async () => {
  const { reads, took } = timed();
  const twice = [4, ...quick(64), 4, ...quick(256)];
  expect(await made(reads, took, [...twice, ...quick(1023), 4, ...quick(1025)])).toEndWith(
    `${"h".repeat(1024)}${threads(1024)}h`,
  );
  const other = timed();
  expect(await made(other.reads, other.took, [...twice, ...quick(1024), 4, ...quick(65)])).toEndWith(
    `${"h".repeat(1025)}${threads(64)}h`,
  );
});

test("a read that fails, fails, and counts like the others", async () => {
  const { reads, took } = timed();
  const failing = reads.read(
    () => {
      took(4);
      throw new Error("gone");
    },
    async () => 1,
  );
  await expect(failing).rejects.toThrow("gone");
  expect(await made(reads, took, quick(65))).toBe(`${threads(64)}h`);
});
