import { giveWay } from "../../oci/giveWay.ts";
import type { Context } from "../context.ts";

/**
 * What the runtime reads of its environment as it starts, and cannot be told later. By all three a registry's peak is up to an eighth
 * lower, and a request takes what it took, or 5 % more, as much as two runs differ by (docs/decisions/0035-a-server-begins-anew.md).
 */
const settings: Readonly<Record<string, string>> = {
  // Its compiler takes more memory while it works than its code is worth.
  BUN_JSC_useFTLJIT: "0",
  // Blocks for garbage that may come, made ahead.
  BUN_JSC_useWarmUpMarkedBlocks: "0",
  // What lived may become 2.6 times as much before garbage is collected, not 3. At twice, a GET of 1 MB takes a third more.
  BUN_JSC_heapGrowthMaxIncrease: "1.6",
};

/**
 * Begin the program anew with a server's settings of the runtime, unless it has them: what the user has set stays. To be called first:
 * what was done in this process is forgotten.
 * @returns in a process that has them, cannot be begun anew, or was asked to end meanwhile
 */
export async function enterServerRuntime({ env, restart, signal }: Context): Promise<void> {
  if (Object.keys(settings).every((name) => env[name] !== undefined)) return;
  // A signal that has come is told of in a turn of its own, and whoever begins anew has not heard of it.
  await giveWay();
  if (!signal.aborted) restart({ ...settings, ...env });
}
