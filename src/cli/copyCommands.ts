import { Option } from "commander";
import type { Definition } from "./definition.ts";

const storeOption = () => new Option("--store <dir>", "what store: means").env("CHARTROOM_STORE");

/** Define the commands on any place alike: a registry, the store, a layout directory. */
export function addCopyCommands(program: Definition): void {
  program
    .add("copy <src> <dst>", "copy from one place to another", async () => (await import("./copy.ts")).copy)
    .option("--all-tags", "every tag of the repository")
    .option("--referrers", "take signatures and all else that refers to it along")
    .option("--force", "replace a tag that holds another manifest")
    .option("--dry-run", "only say what would be copied")
    .option("--from-plain-http", "speak http to the source alone")
    .option("--to-plain-http", "speak http to the target alone")
    .addOption(storeOption())
    .examples(
      "copy localhost:5000/mychart:1.0.0 charts.example.com/mychart",
      "copy --all-tags localhost:5000/mychart store:",
      "copy --referrers charts.example.com/team/ layout:backup/",
      "copy layout:backup:localhost:5000/mychart:1.0.0 localhost:5000/new",
    )
    .notes(
      "A place is [oci://]REF in a registry, store:[REF] in the local store, or layout:DIR[:REF] in an OCI Image Layout directory. REF begins behind the first colon behind which one can stand; a DIR whose own name has such a colon is ended by one: layout:DIR: is DIR. In a layout REF may be a tag alone, as other tools name things, or @DIGEST.",
    )
    .notes(
      "With a / at the end a place is a prefix: all repositories below it, by a registry's catalog or by a layout's index. What stands behind the source's prefix goes behind the target's.",
    )
    .notes(
      "A target without a tag keeps the source's; store: and layout:DIR keep the whole name. A tag that holds another manifest is refused, the same one is success. Of many, one that fails does not stop the rest; the exit code is then 1. Tags that only list referrers (sha256-HEX) are copied as referrers, with --referrers.",
    );
  program
    .add("tags <repository>", "list the tags of a repository", async () => (await import("./tags.ts")).tags)
    .withLogin()
    .addOption(storeOption())
    .examples("tags localhost:5000/myrepo/mychart", "tags store:localhost:5000/mychart");
  program
    .add(
      "delete <ref>",
      "take a tag away, or by digest a manifest",
      async () => (await import("./delete.ts")).deleteNamed,
    )
    .withLogin()
    .option("--yes", "do not ask")
    .option("--dry-run", "only say what would go")
    .addOption(storeOption())
    .completes("ref", "place")
    .examples("delete localhost:5000/myrepo/mychart:2.7.0 --yes")
    .notes(
      "NAME:TAG takes the tag away and leaves the manifest. NAME@DIGEST takes the manifest away, with every tag of it.",
    );
}
