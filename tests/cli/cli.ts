import { test } from "bun:test";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { type Bench, type Ran, withBench } from "../bench.ts";

/** The sample chart of the repository: mychart 0.1.0. */
export const example: string = join(import.meta.dir, "../../examples/mychart");

/** A test of the binary on a bench of its own, with the sample chart in its folder as `mychart/`. */
export function onBench(name: string, body: (bench: Bench) => Promise<void>, timeout = 60_000): void {
  test(
    name,
    () =>
      withBench(async (bench) => {
        await cp(example, bench.path("mychart"), { recursive: true });
        await body(bench);
      }),
    timeout,
  );
}

/** What a refused command said: exit code, sentence and hint. Nothing of a refusal goes to standard output. */
export function refusalOf({ exitCode, stderr }: Ran): { exitCode: number; message: string; hint: string } {
  const line = (mark: string) =>
    stderr
      .split("\n")
      .findLast((each) => each.startsWith(mark))
      ?.slice(mark.length) ?? "";
  return { exitCode, message: line("Error: "), hint: line("Hint: ") };
}

/** What our binary said when it refused these arguments. */
export const refused = async (bench: Bench, ...args: string[]): Promise<ReturnType<typeof refusalOf>> =>
  refusalOf(await bench.run("chartroom", args));

/** A reference that is saved and never sent anywhere. */
export const ref = "localhost:5000/myrepo/mychart:2.7.0";

/** Save the sample chart under `name`. */
export const save = (bench: Bench, name: string = ref, path = "mychart"): Promise<string> =>
  bench.done("chartroom", ["chart", "save", path, name]);

/** The one object or array that a command prints with `-o json`. */
export async function jsonOf<T = Record<string, unknown>>(bench: Bench, args: readonly string[]): Promise<T> {
  return JSON.parse(await bench.done("chartroom", [...args, "-o", "json"]));
}
