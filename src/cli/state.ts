import { homedir } from "node:os";
import { join } from "node:path";
import type { Context } from "./context.ts";

/**
 * Where we keep what is worth keeping between runs and nobody misses when it is gone: `$XDG_STATE_HOME/chartroom`, else
 * below the system's own place for that.
 */
export function stateDirectory({ env, platform }: Pick<Context, "env" | "platform">): string {
  const home = env.HOME || homedir();
  const above =
    env.XDG_STATE_HOME ||
    (platform === "darwin"
      ? join(home, "Library", "Application Support")
      : platform === "win32"
        ? env.LOCALAPPDATA || join(home, "AppData", "Local")
        : join(home, ".local", "state"));
  return join(above, "chartroom");
}
