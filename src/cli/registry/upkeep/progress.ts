import type { Context, GlobalOptions } from "../../context.ts";

/** Nothing is shown before work has taken this long, in ms: a quick one should just be done. */
const patience = 1000;

/** One live line on a terminal, which a text takes the place of; elsewhere, and with `-q`, nothing. */
export function liveLine(
  options: GlobalOptions,
  { tell, terminal, now }: Context,
): { show(text: string): void; clear(): void } {
  if (options.quiet || options.progress === false || !terminal.stderr) return { show() {}, clear() {} };
  const started = now();
  return {
    show(text) {
      if (now() - started >= patience) tell(`\r\x1b[K${text}`);
    },
    clear: () => tell("\r\x1b[K"),
  };
}
