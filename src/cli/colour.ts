import type { Context, GlobalOptions } from "./context.ts";

/**
 * Whether a stream gets colours. The flag decides, then `CHARTROOM_COLOR`, then what terminals and CI agreed on: `NO_COLOR`
 * (no-color.org), `FORCE_COLOR`, `CLICOLOR_FORCE`, `TERM=dumb`; without a word, whether this very stream is a terminal.
 */
export function hasColour(
  stream: "stdout" | "stderr",
  { color }: GlobalOptions,
  { env, terminal }: Context,
): boolean {
  const said = color ?? env.CHARTROOM_COLOR;
  if (said === "always" || said === "never") return said === "always";
  if (env.NO_COLOR) return false;
  const forced = env.FORCE_COLOR || env.CLICOLOR_FORCE;
  if (forced && forced !== "0") return true;
  return terminal[stream] && env.TERM !== "dumb";
}

/** Text in red. */
export const red = (text: string): string => `\x1b[31m${text}\x1b[39m`;
