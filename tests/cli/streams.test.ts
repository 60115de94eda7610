import { expect, test } from "bun:test";
import { closeSync, existsSync, openSync } from "node:fs";
import { chartroom } from "../programs.ts";
import { onBench, refusalOf } from "./cli.ts";

onBench("Ctrl-C while standard input is being read ends it at once, with 130", async (bench) => {
  const args = ["registry", "login", "-u", "myuser", "--password-stdin", "localhost:1"];
  const env = { HOME: bench.folder };
  const child = Bun.spawn([chartroom, ...args], { env, stdin: "pipe", stderr: "pipe" });
  // More than any pipe holds: when it is gone, somebody is reading. The end never comes.
  child.stdin.write(new Uint8Array(8 * 1024 * 1024).fill(0x61));
  await child.stdin.flush();
  child.kill("SIGINT");
  const stderr = await new Response(child.stderr).text();
  expect(refusalOf({ stdout: "", stderr, exitCode: await child.exited })).toEqual({
    exitCode: 130,
    message: "interrupted",
    hint: "Run it again to go on.",
  });
});

test.if(existsSync("/dev/full"))("standard output that takes nothing is a sentence and exit 1", async () => {
  const stdout = openSync("/dev/full", "w");
  const child = Bun.spawn([chartroom, "version"], { stdout, stderr: "pipe" });
  const stderr = await new Response(child.stderr).text();
  closeSync(stdout);
  expect([await child.exited, stderr]).toEqual([1, "Error: Cannot use standard output: the disk is full\n"]);
});
