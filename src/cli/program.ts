import { version } from "../../package.json";
import { addChartCommands } from "./chartCommands.ts";
import type { Context } from "./context.ts";
import { addCopyCommands } from "./copyCommands.ts";
import { Definition } from "./definition.ts";
import { addGlobalOptions } from "./globalOptions.ts";
import { addRegistryCommands } from "./registryCommands.ts";
import { addTopics } from "./topics.ts";

/** Help is no wider than this, in columns, and no wider than the terminal. */
const helpWidth = 80;

const footer = `
See also: chartroom help COMMAND, help exit-codes, help environment.`;

/** The whole tree of commands, with help. Parsing throws `CommanderError`; `cli/run.ts` turns it into an exit code. */
export function makeProgram(context: Context): Definition {
  const program = new Definition("chartroom", context)
    .description("The home of Helm charts: client, local store and registry in one program")
    .version(version, "--version", "print the version")
    .helpOption("-h, --help", "show help")
    .addHelpText("after", footer)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.write(text),
      writeErr: () => {}, // printed once, by run.ts, in our own words
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      getOutHelpWidth: () => Math.min(helpWidth, context.columns ?? helpWidth),
    })
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false });
  addGlobalOptions(program);
  addChartCommands(program.group("chart", "push, pull, tag, or remove Helm charts"));
  addRegistryCommands(program.group("registry", "login to or logout from a registry, or be one"));
  addCopyCommands(program);
  program
    .add("version", "print the version", async () => (await import("./version.ts")).printVersion)
    .examples("version -o json");
  addTopics(program, context);
  return program.holdingOthers();
}
