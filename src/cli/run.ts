import { CommanderError } from "commander";
import { hasColour, red } from "./colour.ts";
import type { Context, GlobalOptions } from "./context.ts";
import { type Explanation, exitCodes, explain } from "./exit.ts";
import { asTyped, namedAsTyped } from "./plugin.ts";
import { makeProgram } from "./program.ts";
import { printable } from "./words.ts";

/**
 * Run one command line to its end.
 * @param argv the words after the program's name
 * @returns the exit code; everything the user should see is written by then
 */
export async function run(argv: readonly string[], context: Context): Promise<number> {
  if (argv[0] === "__complete") {
    await (await import("./completion/complete.ts")).complete(makeProgram(context), argv.slice(1), context);
    return 0;
  }
  const program = makeProgram(context, argv);
  try {
    await program.parseAsync(normalise(asTyped(argv, context)), { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const known = error instanceof CommanderError ? usage(error) : explain(error);
    // What broke when everything was stopped says nothing more.
    const explanation = context.signal.aborted ? interruption : known;
    // What did parse of a command line that does not parse as a whole still says how to report that.
    const options = program.opts<GlobalOptions>();
    report(explanation, options, context);
    if (options.debug && error instanceof Error) context.tell(`${printable(error.stack ?? "")}\n`);
    return exitCodes[explanation.code];
  }
}

const interruption: Explanation = {
  code: "interrupted",
  message: "interrupted",
  hint: "Run it again to go on.",
};

/**
 * `--plain-http` alone means true. Written out, or commander would take the next word (the reference!) for its value.
 */
const normalise = (argv: readonly string[]): string[] =>
  argv.map((word) => (word === "--plain-http" ? "--plain-http=true" : word));

/** Commander's words about a wrong command line, in ours. */
function usage({ message }: CommanderError): Explanation {
  const [first = "", ...suggestion] = message.replace(/^error: /, "").split("\n");
  return {
    code: "usage",
    message: first.replaceAll("'", '"'),
    hint: suggestion.join(" ").replace(/^\((.*)\)$/, "$1") || "Add --help to see what it takes.",
  };
}

/** Print an error: for a person a sentence and a hint, with `-o json` one object, always on standard error. */
function report({ code, message, ...rest }: Explanation, options: GlobalOptions, context: Context): void {
  const hint = rest.hint && namedAsTyped(rest.hint, context);
  if (options.output === "json") {
    context.tell(`${JSON.stringify({ error: { code, message, hint: hint ?? null } })}\n`);
    return;
  }
  const mark = "Error:";
  context.tell(`${hasColour("stderr", options, context) ? red(mark) : mark} ${printable(message)}\n`);
  if (hint !== undefined) context.tell(`Hint: ${printable(hint)}\n`);
}
