import { expect } from "bun:test";
import type { Bench } from "../bench.ts";
import { chartroom } from "../programs.ts";
import { onBench, refusalOf, save } from "./cli.ts";

/** Run a command, send it a signal once `until` is done, and give what it left behind. */
async function interrupted(
  bench: Bench,
  args: readonly string[],
  until: () => Promise<void>,
  signal: "SIGINT" | "SIGTERM" = "SIGINT",
) {
  const child = Bun.spawn([chartroom, ...args], {
    cwd: bench.folder,
    env: { HOME: bench.path("home"), PATH: process.env.PATH ?? "" },
    stdout: "ignore",
    stderr: "pipe",
  });
  await until();
  child.kill(signal);
  return { exitCode: await child.exited, stderr: await new Response(child.stderr).text() };
}

for (const signal of ["SIGINT", "SIGTERM"] as const)
  onBench(`${signal} while a registry does not answer is 130, and says how to go on`, async (bench) => {
    const silent = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 60,
      fetch: () => new Promise<Response>(() => {}),
    });
    try {
      const asked = async () => {
        while (silent.pendingRequests === 0) await Bun.sleep(5);
      };
      const pull = ["chart", "pull", `127.0.0.1:${silent.port}/a/b:1`];
      expect(await interrupted(bench, pull, asked, signal)).toEqual({
        exitCode: 130,
        stderr: "Error: interrupted\nHint: Run it again to go on.\n",
      });
    } finally {
      await silent.stop(true);
    }
  });

/** Commands that take a repository's one chart into a layout. */
const transfers: Record<string, (repository: string, layout: string) => string[]> = {
  "a pull": (repository, layout) => ["chart", "pull", `${repository}:1`, "--store", layout],
  "a copy of many": (repository, layout) => ["copy", "--all-tags", repository, `layout:${layout}`],
};
for (const [name, transfer] of Object.entries(transfers))
  onBench(
    `Ctrl-C in a blob of ${name} leaves a store that is whole, and the same again goes on`,
    async (bench) => {
      const { host } = await bench.chartroom();
      await save(bench, `${host}/a/b:1`);
      await bench.done("chartroom", ["chart", "push", `${host}/a/b:1`]);
      const sent = Promise.withResolvers<void>();
      let hangs = true;
      // Before the registry, something that sends half of each blob and then nothing more, as long as it hangs.
      const slow = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        idleTimeout: 60,
        async fetch(request) {
          const { pathname } = new URL(request.url);
          const { method, headers } = request;
          const answer = await fetch(`http://${host}${pathname}`, { method, headers });
          if (!hangs || !pathname.includes("/blobs/")) return answer;
          const bytes = await answer.bytes();
          const body = new ReadableStream({
            async start(controller) {
              controller.enqueue(bytes.subarray(0, bytes.length / 2));
              await Bun.sleep(50);
              sent.resolve();
            },
          });
          return new Response(body, { headers: { "content-type": "application/octet-stream" } });
        },
      });
      try {
        const store = ["--store", bench.path("other")];
        const args = transfer(`127.0.0.1:${slow.port}/a/b`, bench.path("other"));
        const { exitCode, stderr } = await interrupted(bench, args, () => sent.promise);
        expect(stderr).not.toContain("could not be copied");
        expect([exitCode, stderr]).toEqual([130, expect.stringContaining("Run it again to go on")]);
        expect(await bench.done("chartroom", ["chart", "list", "-q", ...store])).toBe("");
        await bench.done("chartroom", ["chart", "check", ...store]);
        hangs = false;
        await bench.done("chartroom", args);
        expect(await bench.done("chartroom", ["chart", "list", "-q", ...store])).toBe(
          `127.0.0.1:${slow.port}/a/b:1\n`,
        );
        await bench.done("chartroom", ["chart", "check", ...store]);
      } finally {
        await slow.stop(true);
      }
    },
  );

onBench("Ctrl-C at the question for a password is 130, and nothing is kept", async (bench) => {
  const { host } = await bench.chartroom([{ name: "myuser", password: "mypass" }]);
  const { exitCode } = await bench.typed(["registry", "login", "-u", "myuser", host], "my\x03");
  expect(exitCode).toBe(130);
  expect((await bench.run("chartroom", ["registry", "logout", host])).exitCode).toBe(3);
});

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
