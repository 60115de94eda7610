import { LayoutReads } from "../../layout/repository.ts";
import { copy } from "../../oci/copy.ts";
import { formatReference, labelOf, parseReference, repositoryOf } from "../../oci/reference.ts";
import type { Expected } from "../../oci/repository.ts";
import { openRemote } from "../../remote/open.ts";
import { connectionOf, type GivenLogin } from "../connection.ts";
import type { Context } from "../context.ts";
import { tagTaken } from "../named.ts";
import { chartJson, forPeople, print, summaryOf } from "../output.ts";
import { progressOf } from "../progress.ts";
import { openStore, type StoreOptions, savedChart } from "../store.ts";
import { countOf, sizeInWords } from "../words.ts";

interface PushOptions extends StoreOptions, GivenLogin {
  readonly force?: boolean;
}

/**
 * `chart push REF`: blobs that the registry lacks, then the manifest under its tag. A tag that holds another chart is left
 * alone unless forced; the same chart is success.
 */
export async function push([ref = ""]: string[], options: PushOptions, context: Context): Promise<void> {
  const reference = parseReference(ref);
  const layout = openStore(options, context);
  const chart = await savedChart(layout, ref);
  const source = new LayoutReads(layout, repositoryOf(reference));
  const root = await source.manifest(chart.manifest.digest);
  const remote = openRemote(reference, { ...(await connectionOf(options, context)), access: "push" });
  if (forPeople(options))
    context.write(`The push refers to repository [${repositoryOf(reference)}]\n${summaryOf(chart)}`);

  const { tag } = reference;
  const held = await remote.resolve(tag ?? chart.manifest.digest);
  const exists = held?.digest === chart.manifest.digest;
  if (held !== undefined && !exists && !options.force)
    throw tagTaken(formatReference(reference), held.digest, chart.manifest.digest, "pushed");
  if (!exists) {
    const expect: Expected = options.force ? "any" : "absent";
    const progress = progressOf("pushed", options, context);
    try {
      await copy(source, remote, root!, {
        tags: tag === undefined ? [] : [tag],
        expect,
        progress,
        signal: context.signal,
      });
    } finally {
      progress.close();
    }
  }

  const layers = [chart.content, ...(chart.provenance === undefined ? [] : [chart.provenance])];
  const total = layers.reduce((sum, { size }) => sum + size, 0);
  print(context, options, {
    text: `${labelOf(reference)}: pushed to remote (${countOf(layers.length, "layer")}, ${sizeInWords(total)} total)\n`,
    json: chartJson(chart, exists ? "exists" : "pushed"),
    quiet: `${repositoryOf(reference)}@${chart.manifest.digest}`,
  });
}
