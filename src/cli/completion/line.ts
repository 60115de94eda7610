import type { Argument, Option } from "commander";
import type { Context } from "../context.ts";
import type { Definition } from "../definition.ts";

/** A command line up to the word that is being typed, read with the tree of commands. */
export interface Line {
  /** The command that the words so far name. */
  readonly command: Definition;
  /** After `help`: what follows names a command, and nothing else. */
  readonly help: boolean;
  /** The options so far, and those of the environment, as a command would get them. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The option whose value comes next. */
  readonly pending: Option | undefined;
  /** Whether a word that begins with `-` is an option. */
  readonly optionsOpen: boolean;
  /** Whether the next word may name a command below. */
  readonly commandOpen: boolean;
  /** The argument that comes next. */
  readonly argument: Argument | undefined;
}

/** Read a command line that is not finished. A word that makes no sense is passed over: what is typed may still be mended. */
export function readLine(program: Definition, words: readonly string[], { env }: Pick<Context, "env">): Line {
  let command = program;
  let help = false;
  let pending: Option | undefined;
  let optionsOpen = true;
  let operands = 0;
  const given: Record<string, unknown> = {};
  for (const word of words) {
    if (pending !== undefined) {
      given[pending.attributeName()] = word;
      pending = undefined;
    } else if (optionsOpen && word === "--") optionsOpen = false;
    else if (optionsOpen && /^-./.test(word)) {
      const { option, value } = readOption(command, word);
      if (option === undefined) continue;
      if (value === undefined && option.required) pending = option;
      else given[option.attributeName()] = meant(option, value);
    } else {
      const below = operands === 0 && command.commands.find((each) => namesOf(each).includes(word));
      if (below) command = below;
      else if (word === "help" && !help && command.commands.length > 0) help = true;
      else operands++;
    }
  }
  const args = command.registeredArguments;
  return {
    command,
    help,
    pending,
    optionsOpen,
    commandOpen: operands === 0,
    argument: args[operands] ?? (args.at(-1)?.variadic ? args.at(-1) : undefined),
    options: { ...environmentOf(command, env), ...given },
  };
}

/** The options that a command takes: its own, and those of the commands that it is below. */
export function optionsOf(command: Definition): Option[] {
  const help = command.createHelp();
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
}

/** The option that a word names, and the value after its `=`. */
export function readOption(command: Definition, word: string): { option?: Option; value?: string } {
  const [, name = word, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
  const option = optionsOf(command).find((each) => each.long === name || each.short === name);
  return { ...(option && { option }), ...(value !== undefined && { value }) };
}

const namesOf = (command: Definition): string[] => [command.name(), ...command.aliases()];

/** An option's value. One whose value may be left out is a switch: `--plain-http=false`. */
const meant = (option: Option, value: string | undefined): unknown =>
  value === undefined ? !option.negate : option.optional ? value === "true" : value;

const environmentOf = (command: Definition, env: Context["env"]): Record<string, string> =>
  Object.fromEntries(
    optionsOf(command).flatMap((option) => {
      const value = option.envVar && env[option.envVar];
      return value ? [[option.attributeName(), value]] : [];
    }),
  );
