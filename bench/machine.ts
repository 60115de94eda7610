import { cpus, release, totalmem } from "node:os";
import { version } from "../package.json";
import { find } from "../tests/programs.ts";

/** What figures were measured on and with. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  /** MiB */
  readonly memory: number;
  readonly system: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** This machine, and the programs that take part. */
export async function machine(): Promise<Machine> {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memory: Math.round(totalmem() / 1024 / 1024),
    system: `${process.platform} ${release()}, ${process.arch}`,
    versions: {
      chartroom: version,
      bun: Bun.version,
      "helm 4": await answerOf(find("helm4"), ["version", "--template", "{{.Version}}"]),
    },
  };
}

async function answerOf(path: string | undefined, args: readonly string[]): Promise<string> {
  if (path === undefined) return "not installed";
  const child = Bun.spawn([path, ...args], { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
  return (await new Response(child.stdout).text()).trim();
}
