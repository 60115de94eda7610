import { Command } from "commander";
import type { Context } from "./context.ts";
import { nearest } from "./suggest.ts";

/** A command's work: its arguments, its options with the global ones, and the world. */
type Action = (args: string[], options: never, context: Context) => Promise<void>;
/** Commands are loaded when they run: starting up costs the same however many there are. */
type Load = () => Promise<Action>;

/** Where shells find what may stand for an argument or an option's value. */
export type Source = "files" | "directories" | "saved" | "repositories" | "registry" | "hosts";

/** A command as the tree defines it: commander's, with our two kinds of command below it, and examples and notes in its help. */
export class Definition extends Command {
  declare readonly commands: readonly Definition[];
  /** What completes arguments that their names do not say enough about, by those names. */
  readonly sources = new Map<string, Source>();
  readonly #context: Context;

  constructor(name: string | undefined, context: Context) {
    super(name);
    this.#context = context;
  }

  /** How commander makes the commands below this one. */
  override createCommand(name?: string): Definition {
    return new Definition(name, this.#context);
  }

  /**
   * Add a command that does something.
   * @param usage its name and arguments: `push <ref>`
   * @param load brings its work in when it runs
   */
  add(usage: string, summary: string, load: Load): Definition {
    return this.#below(usage, summary)
      .allowExcessArguments(false)
      .action(async (...given) => {
        const command = given.at(-1) as Command;
        const run = await load();
        await run(command.args, command.optsWithGlobals() as never, this.#context);
      });
  }

  /** Add a command that only holds others: alone it shows help, and it suggests what was meant. */
  group(name: string, summary: string): Definition {
    return this.#below(name, summary)
      .allowExcessArguments()
      .action((_options, command: Command) => {
        const [unknown] = command.args;
        if (unknown === undefined) return command.outputHelp();
        const names = command.commands.flatMap((each) => [each.name(), ...each.aliases()]);
        const meant = nearest(unknown, names);
        const suggestion = meant === undefined ? "" : `\n(Did you mean ${meant}?)`;
        command.error(`error: unknown command '${unknown}'${suggestion}`);
      });
  }

  /** Command lines for its help, without the program's name. */
  examples(...lines: string[]): this {
    const shown = lines.map((line) => `  $ chartroom ${line}`);
    return this.addHelpText("after", ["\nExamples:", ...shown].join("\n"));
  }

  /** What its help says last: prose, one paragraph. */
  notes(text: string): this {
    return this.addHelpText("after", `\n${text}`);
  }

  /** Say what completes an argument, where that is not what its name stands for (`completion/sources.ts`). */
  completes(argument: string, source: Source): this {
    this.sources.set(argument, source);
    return this;
  }

  #below(usage: string, summary: string): Definition {
    return this.command(usage)
      .summary(summary)
      .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
      .copyInheritedSettings(this);
  }
}
