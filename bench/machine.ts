import { cpus, release, totalmem } from "node:os";
import { version } from "../package.json";
import { find, type Program } from "../tests/programs.ts";

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
      "helm 4": await answerOf("helm4", ["version", "--template", "{{.Version}}"]),
      "Distribution 3": await answerOf("distribution3", ["--version"]),
      "docker-registry 2.8": await answerOf("docker-registry", ["--version"]),
      zot: await answerOf("zot", ["--version"]),
      ChartMuseum: await answerOf("chartmuseum", ["--version"]),
      nginx: await answerOf("nginx", ["-v"]),
      wrk: await answerOf("wrk", ["-v"]),
    },
  };
}

/**
 * The version in what a program says of itself: nginx tells it on standard error, wrk ends with 1, and zot logs it as its commit,
 * behind the time.
 */
async function answerOf(program: Program, args: readonly string[]): Promise<string> {
  const path = find(program);
  if (path === undefined) return "not installed";
  const child = Bun.spawn([path, ...args], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const said = await Promise.all([child.stdout, child.stderr].map((each) => new Response(each).text()));
  const text = said.join("\n");
  return (/"commit":"(.*?)"/.exec(text)?.[1] ?? /\bv?\d+(?:\.\d+)+\S*/.exec(text)?.[0]) || "unknown";
}
