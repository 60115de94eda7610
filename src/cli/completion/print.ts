import type { Context } from "../context.ts";
import bash from "./chartroom.bash" with { type: "text" };
import fish from "./chartroom.fish" with { type: "text" };
import powershell from "./chartroom.ps1" with { type: "text" };
import zsh from "./chartroom.zsh" with { type: "text" };

const scripts: Record<string, string> = { bash, zsh, fish, powershell };

/** `completion SHELL`: the script that a shell reads. It asks `chartroom __complete` at every TAB. */
export async function printCompletion(
  [shell = ""]: string[],
  _options: unknown,
  context: Context,
): Promise<void> {
  context.write(scripts[shell] ?? "");
}
