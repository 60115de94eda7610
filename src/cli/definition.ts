import { Command } from "commander";
import type { Context } from "./context.ts";
import { nearest } from "./suggest.ts";
import { folded } from "./words.ts";

/** A command's work: its arguments, its options with the global ones, and the world. */
type Action = (args: string[], options: never, context: Context) => Promise<void>;
/** Commands are loaded when they run: starting up costs the same however many there are. */
type Load = () => Promise<Action>;

/** Where shells find what may stand for an argument or an option's value (`completion/references.ts` says what each is). */
export type Source =
  | "files"
  | "directories"
  | "saved"
  | "repository"
  | "untagged"
  | "registry"
  | "place"
  | "host";

/** A command as the tree defines it: commander's, with our two kinds of command below it, and examples and notes in its help. */
export class Definition extends Command {
  declare readonly commands: readonly Definition[];
  /** What completes arguments that their names do not say enough about, by those names. */
  readonly sources = new Map<string, Source>();
  /** Command lines that show its use, without the program's name. */
  readonly exampleLines: string[] = [];
  /** What is to be said of it beside its summary, one paragraph each. */
  readonly paragraphs: string[] = [];
  readonly #context: Context;

  constructor(name: string | undefined, context: Context) {
    super(name);
    this.#context = context;
    this.addHelpText("after", () => this.#afterHelp());
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

  /** Add a command that only holds others. */
  group(name: string, summary: string): Definition {
    return this.#below(name, summary).holdingOthers();
  }

  /** Only hold others: alone it shows its help, and `help WORD…` that of what the words lead to. */
  holdingOthers(): this {
    return this.helpCommand(false)
      .allowExcessArguments()
      .action(() => {
        const [word = "help", ...rest] = this.args;
        const found = word === "help" ? rest.reduce(subcommand, this) : subcommand(this, word);
        found.outputHelp();
      });
  }

  /**
   * As commander does, and with `--flag=true` and `-f=false` of flags, as Go's programs take them: whoever comes from
   * `registry garbage-collect --delete-untagged=true` has that in a script.
   */
  override parseOptions(words: string[]): ReturnType<Command["parseOptions"]> {
    return super.parseOptions(words.flatMap((word) => this.#flagOf(word)));
  }

  #flagOf(word: string): string[] {
    const [, name = "", value = ""] = /^(--?[a-z][a-z-]*)=(true|false|[10])$/i.exec(word) ?? [];
    const isFlag = this.options.some(
      (option) => option.isBoolean() && [option.short, option.long].includes(name),
    );
    if (!isFlag) return [word];
    return /^(true|1)$/i.test(value) ? [name] : [];
  }

  /** The options of a command that talks to one registry, for a login that is kept nowhere. */
  withLogin(): this {
    return this.option("-u, --username <user>", "log in as this user, for this command alone").option(
      "--password-stdin",
      "with the password on standard input",
    );
  }

  /** Add command lines to its help, without the program's name. */
  examples(...lines: string[]): this {
    this.exampleLines.push(...lines);
    return this;
  }

  /** Add a paragraph to its help. */
  notes(text: string): this {
    this.paragraphs.push(text);
    return this;
  }

  /** Say what completes an argument, where that is not what its name stands for (`completion/sources.ts`). */
  completes(argument: string, source: Source): this {
    this.sources.set(argument, source);
    return this;
  }

  /** How wide its help may be, in columns. */
  helpWidth(): number {
    return this.configureOutput().getOutHelpWidth?.() ?? Number.POSITIVE_INFINITY;
  }

  #afterHelp(): string {
    const examples = this.exampleLines.map(
      (line) => `\n  $ ${folded(`chartroom ${line}`, this.helpWidth() - 4)}`,
    );
    return [
      ...(examples.length === 0 ? [] : [`\nExamples:${examples.join("")}`]),
      ...this.paragraphs.map((text) => `\n${this.createHelp().boxWrap(text, this.helpWidth())}`),
    ].join("\n");
  }

  #below(usage: string, summary: string): Definition {
    return this.command(usage)
      .summary(summary)
      .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
      .copyInheritedSettings(this);
  }
}

/** The command of a group that a word names; an error of the group with what was probably meant when there is none. */
function subcommand(group: Command, word: string): Command {
  const named = (each: Command) => [each.name(), ...each.aliases()];
  const found = group.commands.find((each) => named(each).includes(word));
  if (found !== undefined) return found;
  const meant = nearest(word, group.commands.flatMap(named));
  const suggestion = meant === undefined ? "" : `\n(Did you mean ${meant}?)`;
  return group.error(`error: unknown command '${word}'${suggestion}`);
}
