import { Option } from "commander";
import type { Definition } from "./definition.ts";

/** Define the commands that make classic repositories out of charts in a registry. */
export function addRepoCommands(repo: Definition): void {
  repo
    .add(
      "index <place> [dir]",
      "write the index.yaml of a static site",
      async () => (await import("./repo/index.ts")).repoIndex,
    )
    .withLogin()
    .option("--archives", "write the archives and their provenance files, too")
    .option("--force", "replace archives that are there and differ")
    .option("--json", "write the index in JSON")
    .option("--merge <file>", "keep what this index has beside")
    .option("--url <url>", "where DIR will be served: archives' URLs begin so")
    .addOption(new Option("--store <dir>", "what store: means").env("CHARTROOM_STORE"))
    .completes("place", "place")
    .examples(
      "repo index localhost:5000/charts site/",
      "repo index localhost:5000/charts site/ --archives --url https://charts.example.com",
      "repo index store: site/ --archives",
      "repo index site/ --url https://charts.example.com --merge site/index.yaml",
    )
    .notes(
      "PLACE is [oci://]HOST/PREFIX, store: or layout:DIR; all repositories below it are looked through. Without --archives the index names charts where they are, by oci:// URLs, which Helm follows since 3.8; then no archive is fetched. A tag that is not its chart's version is left out, and told.",
    )
    .notes(
      "With a directory alone it does what `helm repo index` does, of the archives in it and right below it; only that they are dated by their files, so that the same again is the same. With --merge what FILE has and was not found is kept, and what was found in the same archive keeps FILE's date.",
    )
    .notes(
      "A registry of ours need not be written out: it is a classic repository by itself (docs/classic.md).",
    );
}
