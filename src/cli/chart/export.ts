import { join, resolve } from "node:path";
import { openArchive, unpackedBytes } from "../../chart/archive/archive.ts";
import { readVerified } from "../../oci/verify.ts";
import type { Context } from "../context.ts";
import { chartJson, print, summaryOf } from "../output.ts";
import { openStore, type StoreOptions, savedChart } from "../store.ts";
import { type TreeFile, writeTree } from "../tree.ts";

interface ExportOptions extends StoreOptions {
  readonly destination: string;
  readonly force?: boolean;
  readonly archive?: boolean;
}

/** `chart export REF`: the chart's tree as `helm pull --untar` writes it, or with `--archive` its exact files. */
export async function exportChart(
  [ref = ""]: string[],
  options: ExportOptions,
  context: Context,
): Promise<void> {
  const layout = openStore(options, context);
  const chart = await savedChart(layout, ref);
  const read = async (layer: typeof chart.content) => readVerified(await layout.blob(layer), layer);
  const archive = await read(chart.content);
  const { metadata, files } = await openArchive(archive);

  const destination = resolve(context.cwd, options.destination);
  let path: string;
  if (options.archive) {
    const name = `${metadata.name}-${metadata.version}.tgz`;
    const exact: TreeFile[] = [{ path: name, bytes: archive }];
    if (chart.provenance !== undefined)
      exact.push({ path: `${name}.prov`, bytes: await read(chart.provenance) });
    await writeTree(context.fs, destination, exact, options.force ?? false);
    path = join(options.destination, name);
  } else {
    // Below the destination, not below the chart's directory: a link of the chart's name would lead out of it.
    const tree = files.map((file) => ({ path: `${metadata.name}/${file.path}`, bytes: unpackedBytes(file) }));
    await writeTree(context.fs, destination, tree, options.force ?? false);
    path = `${join(options.destination, metadata.name)}/`;
  }
  print(context, options, {
    text: `${summaryOf(chart)}Exported chart to ${path}\n`,
    json: { ...chartJson(chart, "exported"), path },
    quiet: path,
  });
}
