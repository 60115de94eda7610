import type { Bench } from "../bench.ts";
import { chartroom } from "../programs.ts";

/** A server of the built binary that was started by hand, to look at what it says. */
export interface Started {
  /** Where it listens, as it says itself. */
  readonly url: string;
  /** Its standard error so far. */
  said(): string;
  /** Read on until it says `text`, or ends. */
  until(text: string): Promise<void>;
  /** End it, and give its exit code. */
  stop(signal?: "SIGTERM" | "SIGINT" | "SIGKILL"): Promise<number>;
}

/**
 * Start `registry serve` and wait until it listens. It logs text, unless `env` wants it otherwise.
 * @param last what its greeting ends with
 */
export async function started(
  bench: Bench,
  args: readonly string[],
  env: Record<string, string> = {},
  last = "Next: ",
): Promise<Started> {
  const child = Bun.spawn([chartroom, "registry", "serve", ...args], {
    cwd: bench.folder,
    env: { PATH: process.env.PATH ?? "", HOME: bench.path("home"), REGISTRY_LOG_FORMATTER: "text", ...env },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  let said = "";
  const reader = child.stderr.getReader();
  const read = async () => {
    const { done, value } = await reader.read();
    if (value !== undefined) said += new TextDecoder().decode(value);
    return !done;
  };
  const until = async (text: string) => {
    while (!said.includes(text) && (await read()));
  };
  await until(last);
  return {
    url: /Listening on (\S+)/.exec(said)?.[1] ?? "",
    said: () => said,
    until,
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      while (await read());
      return child.exited;
    },
  };
}
