import { onLoadCores } from "./cores.ts";

/**
 * One request by curl, on the load's cores: its work for a large body is next to nothing.
 * @returns how long it took, seconds
 * @throws Error with what it says when the answer was none of 2xx
 */
export async function curl(args: readonly string[]): Promise<number> {
  const told = ["--write-out", "%{time_total} %{http_code}", "--output", "/dev/null"];
  const command = ["curl", "--silent", "--show-error", "--fail", "--noproxy", "*", ...told, ...args];
  const child = Bun.spawn(onLoadCores(command), { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [said, complaint] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const [time, code] = said.split(" ");
  if ((await child.exited) !== 0 || !code?.startsWith("2"))
    throw new Error(`curl ${args.join(" ")}: ${said} ${complaint}`);
  return Number(time);
}
