import type { Option } from "commander";
import type { Definition } from "./definition.ts";

const whileServing =
  "Where a registry runs over the data it does this itself, while it serves: it is asked through the socket control.sock there. Where none runs, this command does.";

/** Define what is done to a registry's data beside serving them. */
export function addUpkeepCommands(registry: Definition, dataOption: () => Option): void {
  registry
    .add(
      "check",
      "verify what our own registry keeps, bit by bit",
      async () => (await import("./registry/check.ts")).check,
    )
    .addOption(dataOption())
    .option("--shallow", "take blobs for whole that have the right size")
    .option("--repair", "mend what can be mended, and say each thing")
    .examples("registry check", "registry check --data ./registry -o json")
    .notes(whileServing);
  collecting(
    registry.add(
      "gc",
      "free what nothing in our own registry names any more",
      async () => (await import("./registry/gc.ts")).gc,
    ),
  )
    .option("--now", "without the grace period, too: what a push under way has brought goes as well")
    .addOption(dataOption())
    .examples("registry gc --dry-run", "registry gc --data ./registry")
    .notes("A registry that serves does this by itself; its grace period is 24h unless configured otherwise.")
    .notes(whileServing);
  collecting(
    registry.add(
      "garbage-collect [config]",
      "gc, for the data that a config.yml of CNCF Distribution names",
      async () => (await import("./registry/gc.ts")).garbageCollect,
    ),
  )
    .completes("config", "files")
    .examples("registry garbage-collect /etc/distribution/config.yml");
  registry
    .add(
      "backup <dir>",
      "copy what our own registry keeps into a directory",
      async () => (await import("./registry/backup.ts")).backup,
    )
    .addOption(dataOption())
    .examples("registry backup /backups/registry")
    .notes(
      "The copy is a data directory like any other. The same again brings it up to date: blobs that are there stay, new ones are linked in the same file system and copied elsewhere.",
    )
    .notes(whileServing);
  registry
    .add(
      "restore <backup>",
      "make of a backup the data of our own registry",
      async () => (await import("./registry/backup.ts")).restore,
    )
    .addOption(dataOption())
    .completes("backup", "directories")
    .examples("registry restore /backups/registry --data ./registry")
    .notes("Every blob is verified. The directory must be new or empty.");
}

/** The options of a collection, by CNCF Distribution's names. */
const collecting = (command: Definition): Definition =>
  command
    .option("-d, --dry-run", "only say what would go, why and when")
    .option("-m, --delete-untagged", "manifests, too, that no tag, no index and no subject holds");
