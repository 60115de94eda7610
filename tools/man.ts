// Manual pages, one for each command, from the same definitions as help: `npm run man` writes dist/man/man1.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { version } from "../package.json";
import type { Definition } from "../src/cli/definition.ts";
import { makeProgram } from "../src/cli/program.ts";
import { type Topic, topics } from "../src/cli/topics.ts";
import { contextOf } from "../src/testing/context.ts";
import { root } from "./sources.ts";

/** Each page's file name and its text, in man(7)'s macros. `date` is YYYY-MM-DD. */
export function manualPages(date: string): Map<string, string> {
  const pages = new Map<string, string>();
  const walk = (command: Definition, words: readonly string[]) => {
    pages.set(`${words.join("-")}.1`, page(command, words, date));
    for (const each of visible(command)) walk(each, [...words, each.name()]);
  };
  walk(makeProgram(contextOf({ cwd: root })), ["chartroom"]);
  return pages;
}

const visible = (command: Definition): Definition[] =>
  command.commands.filter((each) => command.createHelp().visibleCommands(command).includes(each));

function page(command: Definition, words: readonly string[], date: string): string {
  const help = command.createHelp();
  const name = words.join("-");
  const typed = words.join(" ");
  const isProgram = words.length === 1;
  const rest = help.commandUsage(command).slice(typed.length);
  const sections: Record<string, string[]> = {
    NAME: [`${literal(name)} \\-`, prose(isProgram ? command.description() : command.summary())],
    SYNOPSIS: [`\\fB${literal(typed)}\\fR${literal(rest)}`],
    DESCRIPTION: paragraphs([command.description(), ...command.paragraphs].map(prose)),
    ARGUMENTS: rows(help.visibleArguments(command), (each) => [
      help.argumentTerm(each),
      help.argumentDescription(each),
    ]),
    COMMANDS: rows(visible(command), (each) => [`${name}-${each.name()}(1)`, each.summary()]),
    OPTIONS: [
      ...rows(help.visibleOptions(command), (each) => [help.optionTerm(each), help.optionDescription(each)]),
      ...(isProgram ? [] : [".PP", "Options that every command has are in \\fBchartroom\\fR(1)."]),
    ],
    EXAMPLES: paragraphs(command.exampleLines.map((line) => `.nf\n    ${literal(`chartroom ${line}`)}\n.fi`)),
    ...(isProgram && { "EXIT STATUS": about(topics["exit-codes"]), ENVIRONMENT: about(topics.environment) }),
    "SEE ALSO": isProgram ? [] : [`\\fB${literal(words.slice(0, -1).join("-"))}\\fR(1)`],
  };
  return [
    `.TH ${name.toUpperCase()} 1 ${date} "chartroom ${version}" "Chartroom"`,
    ...Object.entries(sections).flatMap(([title, lines]) =>
      lines.length === 0 ? [] : [`.SH ${title}`, ...lines],
    ),
    "",
  ].join("\n");
}

/** A topic of help as parts of a page. */
const about = ({ sections, end }: Topic): string[] => [
  ...sections.flatMap(({ title, rows: terms }) => [
    ...(title === undefined ? [] : [`.SS ${prose(title)}`]),
    ...rows(terms, (each) => each),
  ]),
  ...(end === undefined ? [] : [".PP", prose(end)]),
];

const paragraphs = (texts: readonly string[]): string[] =>
  texts.flatMap((text, i) => (i === 0 ? [text] : [".PP", text]));

/** Terms, each with what is said of it below, indented. */
const rows = <T>(items: readonly T[], of: (item: T) => readonly [term: string, text: string]): string[] =>
  items.map(of).flatMap(([term, text]) => [".TP", `\\fB${literal(term)}\\fR`, prose(text)]);

/** Text that is typed as it stands: its hyphens are ASCII's, so that they can be searched for and copied. */
const literal = (text: string): string => escaped(text).replaceAll("-", "\\-");

/** Sentences, in lines that are easily read in the source. A hyphen that begins a word is an option's; backquotes become bold. */
const prose = (text: string): string =>
  escaped(text.replace(/(.{1,70})(?: |$)/g, "$1\n").trimEnd())
    .replace(/\\\(ga(.+?)\\\(ga/gs, "\\fB$1\\fR")
    .replace(/(?<![\w-])--?(?=\w)/g, (hyphens) => hyphens.replaceAll("-", "\\-"));

/** Without what roff reads as its own: escapes, requests at the beginning of a line, ASCII that it would make typographic. */
const escaped = (text: string): string =>
  text
    .replaceAll("\\", "\\e")
    .replaceAll("`", "\\(ga")
    .replaceAll("'", "\\(aq")
    .replaceAll("~", "\\(ti")
    .replaceAll("^", "\\(ha")
    .replace(/^\./gm, "\\&.");

if (import.meta.main) {
  const folder = join(root, "dist", "man", "man1");
  // SOURCE_DATE_EPOCH: what makes a packager's build the same on every day (reproducible-builds.org).
  const seconds = process.env.SOURCE_DATE_EPOCH;
  const date = seconds === undefined ? new Date() : new Date(Number(seconds) * 1000);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [name, text] of manualPages(date.toISOString().slice(0, 10)))
    await writeFile(join(folder, name), text);
}
