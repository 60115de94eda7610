import { Option } from "commander";
import type { Definition } from "./definition.ts";

const all = (value: string, before: readonly string[] = []): string[] => [...before, value];
const places = (command: Definition): Definition => command.completes("target", "place");

/**
 * Define the commands that bring classic repositories over.
 * @param whole with options and commands below; without, for a command line that is about something else, only its name
 */
export function addMigrateCommands(program: Definition, whole: boolean): void {
  const migrate = places(
    program.add(
      "migrate <source> <target>",
      "bring a whole chart repository into a registry",
      async () => (await import("./migrate/run.ts")).runMigration,
    ),
  )
    .helpCommand(false)
    .usage("[options] <source> <target>");
  if (!whole) return;
  migrate
    .option("--chart <glob>", "only charts of this name; may be repeated", all)
    .option("--exclude <glob>", "no charts of this name; may be repeated", all)
    .option("--versions <range>", "only versions in this range")
    .option("--since <date>", "only what came on this day or later")
    .option("--latest <n>", "only so many versions of each chart, the highest")
    .option("--skip-prerelease", "no pre-releases")
    .option("--skip-deprecated", "nothing deprecated")
    .addOption(
      new Option("--on-conflict <policy>", "when a tag holds something else")
        .choices(["fail", "skip", "overwrite"])
        .default("fail"),
    )
    .addOption(
      new Option("--on-digest-mismatch <policy>", "when an archive is not what the index says")
        .choices(["fail", "warn", "skip"])
        .default("fail"),
    )
    .option("--late-provenance", "ask for the provenance file of what is there without one, too")
    .option("--base-url <url>", "where all archives are, whatever the index says")
    .option("--rewrite-urls <from=to>", "what URLs that begin so begin with instead")
    .option("--rewrite-dependencies", "name the target where charts name the source; their signatures fall")
    .option("--plain-tags", "what is tagged v1.2.3 is tagged 1.2.3, too, where Helm's ranges find it")
    .option("--source-username <user>", "log in to the source as this user")
    .option("--source-password-stdin", "with the password on standard input")
    .option("--from-plain-http", "speak http to a source's registry alone")
    .option("--to-plain-http", "speak http to the target alone")
    .option("--dry-run", "only say what would be done")
    .option("--journal <file>", "where to write what became of each chart")
    .option("--report <file>", "write a page in HTML about it all")
    .addOption(new Option("--store <dir>", "what store: means").env("CHARTROOM_STORE"))
    .examples(
      "migrate https://charts.example.com/stable oci://localhost:5000/charts",
      "migrate ./repository localhost:5000/charts --chart 'keda*' --latest 3",
      "migrate oci://old.example.com/team oci://charts.example.com/team",
      "migrate store: localhost:5000/charts",
      "migrate plan https://charts.example.com/stable localhost:5000/charts",
      "migrate verify https://charts.example.com/stable localhost:5000/charts",
    )
    .notes(
      "SOURCE is the URL of a classic repository, a directory with its index.yaml and archives, or a directory of archives alone; or charts in a registry, oci://HOST[/PREFIX], in the store, store:[PREFIX], which is where Helm 3.0 to 3.6 kept theirs, or in an OCI Image Layout, layout:DIR[:PREFIX] or its directory. TARGET is a place as in `chartroom copy`, a prefix: a chart's repository is PREFIX/NAME, its tag the version. Archives and provenance files go over byte for byte, and the date of the index with them; so the same again moves nothing. What is in a registry or a layout goes over as it is, digests and signatures with it, from PREFIX/NAME to where NAME is below the target; what is no chart is left and named. Where a registry lists nothing, --chart names what to take.",
    )
    .notes(
      "One chart that fails does not stop the rest; the exit code is then 1. An index that has not changed since all of it was there costs one request. What goes away in the source is left in the target.",
    )
    .notes(
      "A provenance file that comes after its chart was brought over is named by `migrate verify`, and brought by --late-provenance, which asks for one of each chart that is there without. The chart's manifest is another one then, so its tag is in conflict until --on-conflict says what becomes of it.",
    );
  places(
    migrate.add(
      "plan <source> <target>",
      "say what a migration would do",
      async () => (await import("./migrate/run.ts")).planMigration,
    ),
  ).examples("migrate plan ./repository localhost:5000/charts -o json");
  places(
    migrate.add(
      "run <source> <target>",
      "the same as migrate alone",
      async () => (await import("./migrate/run.ts")).runMigration,
    ),
  ).examples("migrate run ./repository localhost:5000/charts");
  places(
    migrate.add(
      "verify <source> <target>",
      "compare each version in the index with the target",
      async () => (await import("./migrate/run.ts")).verifyMigration,
    ),
  ).examples("migrate verify ./repository localhost:5000/charts");
}
