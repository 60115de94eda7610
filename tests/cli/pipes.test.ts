import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { type Bench, withBench } from "../bench.ts";
import { chartroom } from "../programs.ts";
import { onBench, ref, save } from "./cli.ts";

const refs = 2_000; // listed, they are far more than the 64 KiB that a pipe holds

/** A store with so many names for one chart. */
async function manyNames(bench: Bench): Promise<void> {
  await save(bench);
  const path = bench.path("home/.cache/helm/registry/cache/index.json");
  const index = JSON.parse(await readFile(path, "utf8"));
  const name = (i: number) => `localhost:5000/a/b:${String(i).padStart(5, "0")}`;
  index.manifests = Array.from({ length: refs }, (_, i) => ({
    ...index.manifests[0],
    annotations: { "org.opencontainers.image.ref.name": name(i) },
  }));
  await writeFile(path, JSON.stringify(index));
}

/** Run a line of shell, where `$0` is our binary. */
async function shell(bench: Bench, script: string) {
  const child = Bun.spawn(["bash", "-o", "pipefail", "-c", script, chartroom], {
    cwd: bench.folder,
    env: { HOME: bench.path("home"), PATH: process.env.PATH ?? "" },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { stdout, stderr, exitCode: await child.exited };
}

onBench("a reader that goes away is no failure, and nothing is said", async (bench) => {
  await manyNames(bench);
  for (const format of ["table", "json"]) {
    const { stdout, ...rest } = await shell(bench, `"$0" chart list -o ${format} | head -1`);
    expect(stdout).not.toBe("");
    expect(rest).toEqual({ stderr: "", exitCode: 0 });
  }
  // One that reads nothing at all.
  expect(await shell(bench, '"$0" chart list | true')).toEqual({ stdout: "", stderr: "", exitCode: 0 });
});

onBench("a slow reader gets all of it", async (bench) => {
  await manyNames(bench);
  const { stdout, exitCode } = await shell(bench, '"$0" chart list -q | (sleep 0.3; cat)');
  expect(exitCode).toBe(0);
  expect(stdout.trimEnd().split("\n")).toHaveLength(refs);
});

onBench("closed streams change neither the exit code nor what is written where", async (bench) => {
  for (const closed of ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"]) {
    expect(await shell(bench, `"$0" chart save mychart ${ref} ${closed}`)).toMatchObject({ exitCode: 0 });
    expect(await shell(bench, `"$0" chart push ${ref}x ${closed}`)).toMatchObject({ exitCode: 3 });
    expect(await shell(bench, `"$0" chart lst ${closed}`)).toMatchObject({ exitCode: 2 });
    // A file that took a closed stream's number would get the output.
    expect(await shell(bench, '"$0" chart check')).toMatchObject({ exitCode: 0 });
  }
  const asking = await shell(bench, '"$0" registry login localhost:1 -u myuser <&-');
  expect(asking.exitCode).toBe(2);
  expect(asking.stderr).toContain("--password-stdin");
});

/** A device on which every write finds the disk full; some systems have none. */
const full = "/dev/full";
const onFull = (name: string, body: (bench: Bench) => Promise<void>) =>
  test.if(existsSync(full))(existsSync(full) ? name : `${name} (missing: ${full})`, () => withBench(body));

onFull("output that no disk takes is one sentence, and a failure", async (bench) => {
  const message = "Cannot use standard output: the disk is full";
  const hint = "Free some space and run it again; nothing was lost.";
  const said = {
    text: `Error: ${message}\nHint: ${hint}\n`,
    json: { error: { code: "storage", message, hint } },
  };
  for (const command of ["chart list", "version", "help"])
    expect(await shell(bench, `"$0" ${command} > ${full}`)).toEqual({
      stdout: "",
      stderr: said.text,
      exitCode: 1,
    });
  const { stderr, exitCode } = await shell(bench, `"$0" chart list -o json > ${full}`);
  expect([JSON.parse(stderr), exitCode]).toEqual([said.json, 1]);
});

onFull("a registry goes on when its log can no longer be written", async (bench) => {
  const script = `
    "$0" registry serve --addr 127.0.0.1:0 --data data -o json 2> ${full} > started & pid=$!
    until [ -s started ]; do sleep 0.05; done
    url=$(sed -n 's/.*"url": "\\(.*\\)".*/\\1/p' started)
    for i in 1 2 3; do curl --silent --fail --output /dev/null "$url/v2/" || exit 9; done
    kill $pid; wait $pid`;
  expect((await shell(bench, script)).exitCode).toBe(0);
});
