import type { Context } from "../context.ts";
import type { Definition } from "../definition.ts";
import { optionsOf, readLine, readOption } from "./line.ts";
import { type Candidate, none, type Offer, offerOf } from "./offer.ts";
import { offerFor } from "./sources.ts";

/**
 * `chartroom __complete WORD... TYPED`: what may stand in the place of the last word, which may be empty. One candidate a
 * line, a TAB and a description after it, then `:` and the directive. Never fails: a shell has no place for an error.
 */
export async function complete(
  program: Definition,
  words: readonly string[],
  context: Context,
): Promise<void> {
  const typed = words.at(-1) ?? "";
  const { candidates, directive } = await offer(program, words, typed, context).catch(() => none);
  const lines = candidates
    .filter(({ value }) => value.startsWith(typed))
    .map(({ value, description }) => (description ? `${value}\t${description}` : value));
  context.write([...lines, `:${directive}`, ""].join("\n"));
}

async function offer(
  program: Definition,
  words: readonly string[],
  typed: string,
  context: Context,
): Promise<Offer> {
  const line = readLine(program, words.slice(0, -1), context);
  const { command, pending, argument } = line;
  if (pending !== undefined) return offerFor(pending, typed, line, context);
  if (line.help) return offerOf(command.commands.map(described));
  if (line.optionsOpen && typed.startsWith("-")) {
    const { option, value } = readOption(command, typed);
    if (value === undefined) return offerOf(optionsOf(command).map(named));
    if (option === undefined) return none;
    const { candidates, directive } = await offerFor(option, value, line, context);
    const name = typed.slice(0, typed.indexOf("=") + 1);
    return { candidates: candidates.map((each) => ({ ...each, value: name + each.value })), directive };
  }
  if (line.commandOpen && command.commands.length > 0)
    return offerOf(command.createHelp().visibleCommands(command).map(described));
  return argument === undefined ? none : offerFor(argument, typed, line, context);
}

const described = (command: { name(): string; summary(): string; description(): string }): Candidate => ({
  value: command.name(),
  description: command.summary() || command.description(),
});

const named = (option: { long?: string; flags: string; description: string }): Candidate => ({
  value: option.long ?? option.flags,
  description: option.description,
});
