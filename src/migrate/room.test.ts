import { expect, test } from "bun:test";
import { type Admit, roomForArchives } from "./room.ts";

const MiB = 1024 * 1024;

/** Work that asks for room and then goes on until it is told to end. */
function working(room: ReturnType<typeof roomForArchives>, ...sizes: number[]) {
  const end = Promise.withResolvers<void>();
  const work = { admitted: false, end: end.resolve, fail: end.reject, done: Promise.resolve() };
  work.done = room(async (admit: Admit) => {
    for (const size of sizes) await admit(size);
    work.admitted = true;
    await end.promise;
  });
  return work;
}
const admitted = async (...works: { admitted: boolean }[]) => {
  await Bun.sleep(0);
  return works.map((work) => work.admitted);
};

test("there is room for two large archives at once, and for any number of small ones", async () => {
  const room = roomForArchives();
  const small = Array.from({ length: 32 }, () => working(room, MiB, 4 * MiB));
  const large = Array.from({ length: 4 }, () => working(room, MiB, 5 * MiB, 6 * MiB));
  expect(await admitted(...small)).toEqual(small.map(() => true));
  expect(await admitted(...large)).toEqual([true, true, false, false]);
  large[0]?.end();
  expect(await admitted(...large)).toEqual([true, true, true, false]);
  large[1]?.fail(new Error("the network"));
  expect(await large[1]?.done.catch((error: Error) => error.message)).toBe("the network");
  expect(await admitted(...large)).toEqual([true, true, true, true]);
  for (const each of [...small, ...large]) each.end();
  await Promise.all([...small, large[0], large[2], large[3]].map((each) => each?.done));
});
