import { resolve } from "node:path";
import { openArchive } from "../../chart/archive/archive.ts";
import { loadChart } from "../../chart/archive/load.ts";
import { chartYamlOf, crdsOf, readmeOf, valuesOf } from "../../chart/show.ts";
import { ChartroomError } from "../../oci/errors.ts";
import type { Context } from "../context.ts";
import { print } from "../output.ts";
import { printable } from "../words.ts";
import { type Candidate, type FoundChart, newestFirst, noneWanted } from "./candidate.ts";
import { isPath } from "./classic.ts";
import { chartOfRepo, type FindOptions, openFinding, parseOne } from "./place.ts";
import { chartsIn, storedCandidate } from "./stored.ts";

type Openable = Pick<Candidate, "ref" | "metadata" | "open">;

/** `show PART REF [RANGE]`: what `helm show` prints of a chart, byte for byte. */
export const show =
  (part: string) =>
  async ([text = "", range]: string[], options: FindOptions, context: Context): Promise<void> => {
    const { ref, metadata, open } = await chartMeant(text, range, options, context);
    // Of a registry Chart.yaml alone is a few hundred bytes, the archive may be megabytes.
    const archive = part === "chart" ? undefined : await open();
    const about = archive?.metadata ?? (await metadata());
    const wanted = (each: string) => part === each || part === "all";
    const chart = wanted("chart") ? chartYamlOf(about) : undefined;
    const values = archive && wanted("values") ? valuesOf(archive) : undefined;
    const readme = archive && wanted("readme") ? readmeOf(archive) : undefined;
    const crds = archive && wanted("crds") ? await crdsOf(archive) : undefined;
    if (options.output === "json") {
      const { name, version } = about;
      const json = { ref, name, version, chart, values, readme, crds };
      return print(context, options, { text: "", json, quiet: undefined });
    }
    // Helm's separators (helm `pkg/action/show.go`): between the parts of `all`, and before each definition without its own.
    const line = part === "all" ? "---\n" : "";
    const printed = [
      chart === undefined ? "" : `${chart}\n`,
      values === undefined ? "" : `${line}${values}\n`,
      readme === undefined ? "" : `${line}${readme}\n`,
      ...(crds ?? []).map((crd) => `${crd.startsWith("---") ? "" : "---\n"}${crd}\n`),
    ].join("");
    // A file goes to another program as it is; a terminal is shown what it may print.
    context.write(context.terminal.stdout ? printable(printed) : printed);
  };

async function chartMeant(
  text: string,
  range: string | undefined,
  options: FindOptions,
  context: Context,
): Promise<Openable> {
  const refuse = () =>
    new ChartroomError("usage", `Cannot look for ${range} in "${text}": it names one version already`);
  newestFirst([], { range }); // a range that does not parse is said before anything is asked
  if (options.repo !== undefined)
    return newestOf(await chartOfRepo(text, options.repo, options, context), range, options);
  if (isPath(text)) {
    if (range !== undefined) throw refuse();
    const { archive, metadata } = await loadChart(resolve(context.cwd, text));
    return { ref: text, metadata: async () => metadata, open: () => openArchive(archive) };
  }
  const { place, one } = parseOne(text);
  const finding = await openFinding(place, options, context);
  if ((one.tag ?? one.digest) !== undefined) {
    if (range !== undefined) throw refuse();
    return storedCandidate(finding, one.repository, one);
  }
  for await (const chart of chartsIn(finding, one)) return newestOf(chart, range, options);
  throw noneWanted(text, [], { range });
}

async function newestOf(
  { name, candidates }: FoundChart,
  range: string | undefined,
  { devel }: FindOptions,
): Promise<Candidate> {
  const there = await candidates();
  const [newest] = newestFirst(there, { range, devel });
  if (newest === undefined) throw noneWanted(name, there, { range });
  return newest;
}
