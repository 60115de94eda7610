import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeChart } from "../testing/charts.ts";
import { play } from "../testing/context.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chartroom-foreign-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const run = (columns: number | undefined, ...argv: string[]) =>
  play([...argv, "--store", "store"], { cwd: folder, columns });

/** What a terminal may take for a command. */
const controls = /(?![\n\t])\p{Cc}/u;
const evil = "evil\x1b[2J\x9b31m/mychart";

/** A store with a chart under a name that another tool gave it. */
async function evilStore(name: string): Promise<void> {
  await writeChart(join(folder, "mychart"));
  await run(undefined, "chart", "save", "mychart", "localhost/mychart:1");
  const path = join(folder, "store", "index.json");
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace('"localhost/mychart:1"', JSON.stringify(name)));
}

test.each([`${evil}:1`, `${evil} without a tag`])(
  "the lines of a copy, done or failed, reach the terminal without control sequences: %j",
  async (name) => {
    await evilStore(name);
    const said = await run(80, "copy", "store:/", "layout:dir");
    expect(said.stdout + said.stderr).toContain("evil\\u{1b}[2J\\u{9b}31m/mychart");
    expect(said.stdout + said.stderr).not.toMatch(controls);
  },
);

test("-q gives names as they are to programs alone; JSON escapes them", async () => {
  await evilStore(`${evil}:1`);
  expect(await run(80, "chart", "list", "-q")).toMatchObject({
    stdout: "evil\\u{1b}[2J\\u{9b}31m/mychart:1\n",
  });
  expect(await run(undefined, "chart", "list", "-q")).toMatchObject({ stdout: `${evil}:1\n` });
  const { stdout } = await run(undefined, "chart", "list", "-o", "json");
  expect(stdout).not.toMatch(controls);
  expect(JSON.parse(stdout)).toMatchObject([{ ref: `${evil}:1` }]);
});
