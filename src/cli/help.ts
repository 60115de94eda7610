import type { Command } from "commander";
import { nearest } from "./suggest.ts";

/**
 * Make a command a group: alone it shows its help, `help [command...]` that of a command below it, and a word that is no
 * command is a usage error that names the nearest one.
 */
export function makeGroup(group: Command): Command {
  group
    .allowExcessArguments()
    .helpCommand(false) // commander's own takes one word, so none below a group
    .action((_options, { args: [word] }: Command) =>
      word === undefined ? group.outputHelp() : refuse(group, word),
    );
  group
    .command("help [command...]", { hidden: group.parent !== null })
    .summary("show help for a command")
    .copyInheritedSettings(group)
    .action((words: string[]) => words.reduce(below, group).outputHelp());
  return group;
}

const below = (group: Command, word: string): Command =>
  group.commands.find((each) => each.name() === word || each.aliases().includes(word)) ?? refuse(group, word);

function refuse(group: Command, word: string): never {
  const names = group.commands.flatMap((each) => [each.name(), ...each.aliases()]);
  const meant = nearest(word, names);
  group.error(`error: unknown command '${word}'${meant === undefined ? "" : `\n(Did you mean ${meant}?)`}`);
}
