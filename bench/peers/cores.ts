import { availableParallelism } from "node:os";
import { find } from "../../tests/programs.ts";

/** Servers have the first core to themselves and the load the others, where there are several and Linux can be told so. */
const apart = availableParallelism() > 1 && find("taskset") !== undefined;

/** Put a process, with all threads that it has and will have, on the servers' core. */
export function pinServer(pid: number): void {
  if (apart) Bun.spawnSync([find("taskset")!, "-acp", "0", `${pid}`]);
}

/** A command line that runs on the load's cores. */
export const onLoadCores = (command: readonly string[]): string[] =>
  apart ? [find("taskset")!, "-c", `1-${availableParallelism() - 1}`, ...command] : [...command];
