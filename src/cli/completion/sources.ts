import { Argument, type Option } from "commander";
import type { Context } from "../context.ts";
import type { Source } from "../definition.ts";
import type { Line } from "./line.ts";
import { directives, none, type Offer, offerOf } from "./offer.ts";

/** What the names of arguments and of options' values stand for. */
const sources: Record<string, Source> = {
  path: "files",
  file: "files",
  dir: "directories",
  ref: "saved",
  newref: "untagged",
  repository: "repository",
  src: "place",
  dst: "place",
  place: "place",
  source: "directories",
  host: "host",
};

/** What may stand for an argument, or for an option's value. */
export async function offerFor(
  taker: Argument | Option,
  typed: string,
  line: Line,
  context: Context,
): Promise<Offer> {
  if (taker.argChoices !== undefined) return offerOf(taker.argChoices.map((value) => ({ value })));
  const named = taker instanceof Argument ? taker.name() : (/<(.+)>/.exec(taker.flags)?.[1] ?? "");
  const name = named.replace(/\[.*$/, ""); // <host[/path]> is a host
  const source = (taker instanceof Argument && line.command.sources.get(name)) || sources[name];
  switch (source) {
    case undefined:
      return none;
    case "files":
      return { candidates: [], directive: directives.files };
    case "directories":
      return { candidates: [], directive: directives.directories };
    default:
      return (await import("./references.ts")).references(source, typed, line.options, context);
  }
}
