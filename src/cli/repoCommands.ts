import { Option } from "commander";
import type { Definition } from "./definition.ts";

/** Define the commands that make classic repositories out of charts in a registry. */
export function addRepoCommands(repo: Definition): void {
  repo
    .add(
      "index <place> <dir>",
      "write the index.yaml of a static site",
      async () => (await import("./repo/index.ts")).repoIndex,
    )
    .withLogin()
    .option("--archives", "write the archives and their provenance files, too")
    .option("--force", "replace archives that are there and differ")
    .option("--url <url>", "where DIR will be served: archives' URLs begin so")
    .addOption(new Option("--store <dir>", "what store: means").env("CHARTROOM_STORE"))
    .completes("place", "place")
    .examples(
      "repo index localhost:5000/charts site/",
      "repo index localhost:5000/charts site/ --archives --url https://charts.example.com",
      "repo index store: site/ --archives",
    )
    .notes(
      "PLACE is [oci://]HOST/PREFIX, store: or layout:DIR; all repositories below it are looked through. Without --archives the index names charts where they are, by oci:// URLs, which Helm follows since 3.8; then no archive is fetched. A tag that is not its chart's version is left out, and told.",
    )
    .notes(
      "A registry of ours need not be written out: it is a classic repository by itself (docs/classic.md).",
    );
}
