import { join } from "node:path";
import { onLoadCores } from "./cores.ts";

/**
 * Run a load of our own, a program beside this one, on the load's cores.
 * @returns the number that it prints: the seconds it took, or a rate
 * @throws Error with what it says when it fails
 */
export async function generate(
  program: "header" | "lister" | "remover" | "trader" | "uploader",
  ...args: readonly (string | number)[]
): Promise<number> {
  const command = [process.execPath, join(import.meta.dir, `${program}.ts`), ...args.map(String)];
  const child = Bun.spawn(onLoadCores(command), { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [said, complaint] = await Promise.all(
    [child.stdout, child.stderr].map((each) => new Response(each).text()),
  );
  if ((await child.exited) !== 0) throw new Error(`${program} ${args.join(" ")}: ${complaint}`);
  return Number(said);
}
