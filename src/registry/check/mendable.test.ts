import { expect, test } from "bun:test";
import { absentDigest } from "../../testing/artifacts.ts";
import { here } from "../../testing/commands.ts";
import type { Finding } from "./finding.ts";
import { mendable } from "./mendable.ts";

const digest = absentDigest();
const [lost, rows, orphan]: readonly Finding[] = [
  { level: "fault", where: digest, message: "its bytes are missing", mend: { kind: "lost-blob", digest } },
  { level: "fault", where: "x", message: "", mend: { kind: "manifest-rows", digest, repository: here } },
  { level: "waste", where: digest, message: "", mend: { kind: "orphan", digest } },
];
const all = [lost!, rows!, orphan!];

test("what was found is mended", () => {
  expect(mendable(all, 1)).toEqual({ mended: all, left: [] });
  expect(mendable([], 0)).toEqual({ mended: [], left: [] });
});

test("by a broken catalog nothing is", () => {
  const { mended, left } = mendable([...all, { level: "fault", where: "catalog", message: "malformed" }], 9);
  expect(mended).toEqual([]);
  expect(left).toMatchObject([{ level: "warning", message: expect.stringContaining("restore a backup") }]);
});

test("by one that knows fewer blobs than it does not know, none of those is removed", () => {
  const { mended, left } = mendable([...all, orphan!], 1);
  expect(mended).toEqual([lost!, rows!]);
  expect(left).toMatchObject([
    { level: "warning", message: expect.stringContaining("is it the right one?") },
  ]);
});

test("where most blobs are lost, and more than ten, none is taken out of its repositories", () => {
  const many = (count: number) => [...Array.from({ length: count }, () => lost!), rows!];
  const { mended, left } = mendable(many(11), 21);
  expect(mended).toEqual([rows!]);
  expect(left).toMatchObject([
    { level: "warning", where: "blobs", message: expect.stringContaining("mounted?") },
  ]);
  expect(mendable(many(11), 22)).toEqual({ mended: many(11), left: [] });
  expect(mendable(many(10), 10)).toEqual({ mended: many(10), left: [] });
});
