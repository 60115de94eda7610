import { Option } from "commander";
import type { Definition } from "./definition.ts";

const storeOption = () =>
  new Option("--store <dir>", "the store: an OCI Image Layout directory").env("CHARTROOM_STORE");

/** Define `chart …`: the commands on the local store, and its trade with registries. */
export function addChartCommands(chart: Definition): void {
  chart
    .add(
      "save <path> <ref>",
      "save a chart directory or archive to the store",
      async () => (await import("./chart/save.ts")).save,
    )
    .addOption(storeOption())
    .addOption(
      new Option("--media-type <type>", "what to write: current, or helm3.0 for Helm 3.0 to 3.6")
        .choices(["current", "helm3.0"])
        .default("current"),
    )
    .completes("ref", "untagged")
    .examples(
      "chart save mychart/ localhost:5000/myrepo/mychart:2.7.0",
      "chart save mychart-0.1.0.tgz localhost:5000/myrepo/mychart",
    )
    .notes(
      "Without a tag, the chart's version is the tag. A directory is packed reproducibly; an archive keeps its bytes, and its .prov beside it.",
    );
  chart
    .add("list", "list all saved charts", async () => (await import("./chart/list.ts")).list)
    .alias("ls")
    .option("--filter <glob>", "only references that match, e.g. '*/mychart:*'")
    .addOption(storeOption())
    .examples("chart list", "chart list --filter 'localhost:5000/*' -o json");
  chart
    .add(
      "export <ref>",
      "export a chart to a directory",
      async () => (await import("./chart/export.ts")).exportChart,
    )
    .option("-d, --destination <dir>", "where to write the chart", ".")
    .option("--force", "replace files that differ")
    .option("--archive", "write the exact .tgz, and its .prov, instead of a directory")
    .addOption(storeOption())
    .examples("chart export localhost:5000/myrepo/mychart:2.7.0 -d charts/");
  chart
    .add("push <ref>", "push a chart to a registry", async () => (await import("./chart/push.ts")).push)
    .withLogin()
    .option("--force", "replace a tag that holds another chart")
    .addOption(storeOption())
    .examples("chart push localhost:5000/myrepo/mychart:2.7.0");
  chart
    .add("pull <ref>", "pull a chart from a registry", async () => (await import("./chart/pull.ts")).pull)
    .withLogin()
    .addOption(storeOption())
    .completes("ref", "registry")
    .examples("chart pull localhost:5000/myrepo/mychart:2.7.0");
  chart
    .add(
      "remove <ref>",
      "remove a chart from the store",
      async () => (await import("./chart/remove.ts")).remove,
    )
    .alias("rm")
    .addOption(storeOption())
    .examples("chart remove localhost:5000/myrepo/mychart:2.7.0")
    .notes("The content stays until `chartroom chart prune` frees what nothing refers to.");
  chart
    .add(
      "tag <ref> <newref>",
      "give a saved chart another reference",
      async () => (await import("./chart/tag.ts")).tag,
    )
    .addOption(storeOption())
    .examples("chart tag localhost:5000/mychart:2.7.0 localhost:5000/mychart:new");
  chart
    .add("prune", "free what no saved chart refers to", async () => (await import("./chart/prune.ts")).prune)
    .option("--dry-run", "only say what would be freed")
    .addOption(storeOption())
    .examples("chart prune --dry-run");
  chart
    .add("check", "verify the store bit by bit", async () => (await import("./chart/check.ts")).check)
    .option("--repair", "put corrupted blobs aside and rebuild a broken index.json")
    .addOption(storeOption())
    .examples("chart check", "chart check --repair")
    .notes(
      "--repair says each thing it does, and frees nothing: what it puts aside lies in the store's ingest/quarantine. A name that cannot be read is the one that list last showed, where it did; none is made up: a chart without is listed by digest, and `chartroom copy store:@DIGEST store:REF` names it again.",
    );
}
