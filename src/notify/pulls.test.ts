import { expect, test } from "bun:test";
import { Pulls } from "./pulls.ts";

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `${i}`);

test("pulls are written together, in order", async () => {
  const written: (readonly string[])[] = [];
  const pulls = new Pulls(async (events) => void written.push(events));
  for (const event of numbered(3)) pulls.add(event);
  expect(written).toEqual([]);
  await pulls.flush();
  await pulls.flush();
  expect(written).toEqual([["0", "1", "2"]]);
});

test("many do not wait", async () => {
  const first = Promise.withResolvers<number>();
  const pulls = new Pulls(async (events) => first.resolve(events.length));
  for (const event of numbered(500)) pulls.add(event);
  expect(await first.promise).toBe(500);
});

test("what could not be written is given again, before what came later", async () => {
  let open = false;
  const written: string[] = [];
  const pulls = new Pulls(async (events) => {
    if (!open) throw new Error("busy");
    written.push(...events);
  });
  pulls.add("1");
  await pulls.flush();
  pulls.add("2");
  await pulls.flush();
  open = true;
  await pulls.flush();
  expect([written, pulls.lost]).toEqual([["1", "2"], 0]);
});

test("what cannot be written for long is held up to a bound; the oldest are lost, and counted", async () => {
  let open = false;
  const written: string[] = [];
  const pulls = new Pulls(async (events) => {
    if (!open) throw new Error("busy");
    written.push(...events);
  });
  for (const event of numbered(10_002)) pulls.add(event);
  await pulls.flush();
  open = true;
  await pulls.flush();
  expect([written.length, written[0], written.at(-1), pulls.lost]).toEqual([10_000, "2", "10001", 2]);
});
