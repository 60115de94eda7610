import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { digestOf } from "../../oci/digest.ts";
import { parseTag, type Tag } from "../../oci/reference.ts";
import { nameOf } from "../../testing/commands.ts";
import { freshCatalogs } from "../fresh.suite.ts";
import { openSqliteCatalog } from "./sqlite.ts";

const fresh = freshCatalogs();
const child = fileURLToPath(new URL("./crash.child.ts", import.meta.url));
const repository = nameOf("crash");

/** Let a process put tags, kill it `after` ms from its first one on, and give the tags that it was told of. */
async function toldBeforeKill(path: string, round: number, after: number): Promise<Tag[]> {
  const running = Bun.spawn([process.execPath, child, path, String(round)], { stdout: "pipe" });
  let text = "";
  for await (const chunk of running.stdout.pipeThrough(new TextDecoderStream())) {
    if (text === "") setTimeout(() => running.kill("SIGKILL"), after);
    text += chunk;
  }
  await running.exited;
  // A last line that was cut is no tag that anybody was told of.
  return text.split("\n").slice(0, -1).map(parseTag);
}

test("what was told before kill -9 is there afterwards, whole, and synced anew", async () => {
  const path = await fresh();
  const told: Tag[] = [];
  for (const [round, after] of [0, 20, 60, 120].entries()) {
    const tags = await toldBeforeKill(path, round, after + Math.random() * 20);
    expect(tags).not.toBeEmpty();
    told.push(...tags);
    expect(Bun.file(`${path}-wal`).size).toBeGreaterThan(0);
    const catalog = await openSqliteCatalog(path);
    expect(Bun.file(`${path}-wal`).size).toBe(0);
    for (const tag of told) {
      const digest = digestOf(new TextEncoder().encode(tag));
      expect(await catalog.tag(repository, tag)).toBe(digest);
      expect((await catalog.manifest(repository, digest))?.bytes).toEqual(new TextEncoder().encode(tag));
    }
    await catalog.close();
  }
}, 30_000);
