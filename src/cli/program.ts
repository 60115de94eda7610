import { Argument } from "commander";
import { version } from "../../package.json";
import { addChartCommands } from "./chartCommands.ts";
import type { Context } from "./context.ts";
import { addCopyCommands } from "./copyCommands.ts";
import { Definition } from "./definition.ts";
import { addFindCommands } from "./findCommands.ts";
import { addGlobalOptions } from "./globalOptions.ts";
import { addMigrateCommands } from "./migrateCommands.ts";
import { namedAsTyped } from "./plugin.ts";
import { addRegistryCommands } from "./registryCommands.ts";
import { addRepoCommands } from "./repoCommands.ts";
import { addTopics } from "./topics.ts";

/** Help is no wider than this, in columns, and no wider than the terminal. */
const helpWidth = 80;

/**
 * The tree of commands, with help. Parsing throws `CommanderError`; `cli/run.ts` turns it into an exit code.
 * @param argv what will be parsed: a group that it does not name stays empty, which spares 1 ms of a start. Without it the
 *   tree is whole.
 */
export function makeProgram(context: Context, argv?: readonly string[]): Definition {
  const program = new Definition("chartroom", context)
    .description("The home of Helm charts: client, local store and registry in one program")
    .version(version, "--version", "print the version")
    .helpOption("-h, --help", "show help")
    .notes("See also: chartroom help COMMAND, help exit-codes, help environment.")
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.write(namedAsTyped(text, context)),
      writeErr: () => {}, // printed once, by run.ts, in our own words
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      getOutHelpWidth: () => Math.min(helpWidth, context.columns ?? helpWidth),
    })
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false, minWidthToWrap: 20 });
  addGlobalOptions(program);
  const wanted = (name: string) => argv === undefined || argv.includes(name);
  const chart = program.group("chart", "push, pull, tag, or remove Helm charts");
  if (wanted("chart")) addChartCommands(chart);
  // All that follows is for the group to understand: the rest of the tree is another 1 ms.
  if (argv?.[0] === "chart") return program.holdingOthers();
  const registry = program.group("registry", "login to or logout from a registry, or be one");
  if (wanted("registry")) addRegistryCommands(registry);
  addCopyCommands(program);
  addMigrateCommands(program, wanted("migrate"));
  addFindCommands(program);
  const repo = program.group("repo", "make a classic repository of charts in a registry");
  if (wanted("repo")) addRepoCommands(repo);
  program
    .add(
      "completion",
      "print the script that completes commands in a shell",
      async () => (await import("./completion/print.ts")).printCompletion,
    )
    .addArgument(new Argument("<shell>", "the shell").choices(["bash", "zsh", "fish", "powershell"]))
    .examples(
      "completion bash > ~/.local/share/bash-completion/completions/chartroom",
      "completion fish > ~/.config/fish/completions/chartroom.fish",
    )
    .notes(
      "Commands, options and their values are completed, references from the store, and the tags that a registry has where one is meant. Each script says where it goes.",
    );
  program
    .add("version", "print the version", async () => (await import("./version.ts")).printVersion)
    .examples("version -o json");
  addTopics(program, context);
  return program.holdingOthers();
}
