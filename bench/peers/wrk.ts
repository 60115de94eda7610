import { find } from "../../tests/programs.ts";
import { onLoadCores } from "./cores.ts";

/** What wrk asks for. */
export interface Load {
  readonly url: string;
  /** Connections, each with one request under way at any time; 32 unless told. */
  readonly clients?: number;
  /** Whole ones; one unless told. */
  readonly seconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The path of a script in Lua that makes the requests. */
  readonly script?: string;
}

/** What came of it. */
export interface Loaded {
  /** Requests in a second. */
  readonly figure: number;
  readonly operations: number;
  /** Bytes that came in a second, those of answers that were not whole yet too. */
  readonly bytes: number;
}

/** What wrk writes behind a number of bytes. */
const units: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** So many seconds a request may take: a slow one is slow, and no error. */
const patience = 60;

/**
 * Put load on a server from one thread, on the load's cores.
 * @throws Error with what wrk says when an answer was none of 2xx and 3xx, or a connection broke
 */
export async function wrk({ url, clients = 32, seconds = 1, headers = {}, script }: Load): Promise<Loaded> {
  const command = [
    ...[find("wrk")!, "-t1", `-c${clients}`, `-d${seconds}s`, `--timeout=${patience}s`],
    ...Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]),
    ...(script === undefined ? [] : ["-s", script]),
    url,
  ];
  const child = Bun.spawn(onLoadCores(command), { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [said, complaint] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const [, requests] = /(\d+) requests in/.exec(said) ?? [];
  const [, rate] = /Requests\/sec:\s+([\d.]+)/.exec(said) ?? [];
  const [, amount, unit = ""] = /Transfer\/sec:\s+([\d.]+)([KMG]?)B/.exec(said) ?? [];
  const isClean = !/Non-2xx|Socket errors: (?!connect 0, read 0, write 0)/.test(said);
  if ((await child.exited) !== 0 || !isClean || requests === undefined)
    throw new Error(`wrk ${url}: ${said}${complaint}`);
  return {
    ...{ figure: Number(rate), operations: Number(requests) },
    bytes: Number(amount) * (units[unit] ?? Number.NaN),
  };
}
