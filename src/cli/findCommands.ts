import { Option } from "commander";
import type { Definition } from "./definition.ts";

/** The options of a command that looks into one place. */
const looking = (command: Definition): Definition =>
  command
    .withLogin()
    .option("--devel", "pre-releases, too")
    .addOption(new Option("--store <dir>", "what store: means").env("CHARTROOM_STORE"));

const repo = "--repo <source>";
const inRepo = "a classic repository's URL or directory, REF a chart's name in it";

/** Define the commands that find charts. */
export function addFindCommands(program: Definition): void {
  looking(
    program.add(
      "versions <ref> [range]",
      "list the versions of a chart, newest first",
      async () => (await import("./find/versions.ts")).versions,
    ),
  )
    .option(repo, inRepo)
    .option("--limit <n>", "only so many, the newest")
    .option("--all", "pre-releases too, and last the tags that are no versions")
    .completes("ref", "repository")
    .examples(
      "versions localhost:5000/charts/keda",
      'versions localhost:5000/charts/keda ">=2.10, <3" --limit 5',
      "versions keda --repo https://charts.example.com/stable -o json",
    )
    .notes(
      "REF is a repository as in `chartroom copy`: [oci://]HOST/NAME, store:HOST/NAME or layout:DIR:HOST/NAME. RANGE is as Helm has it; a pre-release in it lets pre-releases in. A tag may begin with v, and its _ stands for +. Archives are not fetched, and with -q nothing but the tags is.",
    );
  looking(
    program.add(
      "search [term]",
      "look for charts by name, description and keywords",
      async () => (await import("./find/search.ts")).search,
    ),
  )
    .requiredOption("--in <place>", "where: HOST/PREFIX, store:, layout:DIR, or a classic repository")
    .option("--versions", "every version, not the newest alone")
    .option("--limit <n>", "only so many charts")
    .examples(
      "search --in localhost:5000/charts",
      "search redis --in https://charts.example.com/stable",
      "search database --in store: --versions -o json",
    )
    .notes(
      "Every word of TERM must be in a chart's name, description or keywords. A registry is searched through its catalog, which many public ones do not have; a classic repository is a URL, or a directory that begins with . or /.",
    );
  const show = program.group("show", "print what a chart says of itself, as helm show does");
  for (const [part, summary] of Object.entries({
    chart: "print a chart's Chart.yaml",
    values: "print a chart's values.yaml",
    readme: "print a chart's README",
    crds: "print a chart's custom resource definitions",
    all: "print Chart.yaml, values, README and definitions",
  }))
    looking(
      show.add(`${part} <ref> [range]`, summary, async () => (await import("./find/show.ts")).show(part)),
    )
      .option(repo, inRepo)
      .completes("ref", "place")
      .examples(`show ${part} localhost:5000/charts/keda:2.16.1`, `show ${part} keda --repo ./site`)
      .notes(
        "Without a tag or digest the newest version is meant, in RANGE where it is given. A registry is asked what a tag holds; what the store has of that is read there, and a REF by digest that is in the store needs no network. What is printed is what helm show prints, to the byte. REF may also be a chart's directory or archive that begins with . or /.",
      );
}
