import { resolve } from "node:path";
import { loadChart } from "../../chart/archive/load.ts";
import { buildChartManifest, type Flavour } from "../../chart/manifest.ts";
import { chartMediaTypes } from "../../chart/mediaTypes.ts";
import { chartOf } from "../../layout/charts.ts";
import { writing } from "../../layout/write.ts";
import { describe } from "../../oci/descriptor.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { formatReference, parseReference, parseTag, repositoryOf } from "../../oci/reference.ts";
import type { Context } from "../context.ts";
import { compileEagerly } from "../jit.ts";
import { chartJson, print, summaryOf, warn } from "../output.ts";
import { openStore, type StoreOptions } from "../store.ts";

interface SaveOptions extends StoreOptions {
  readonly mediaType: Flavour;
}

/** `chart save PATH REF`: a directory, packed reproducibly, or an archive as it is, into the store. */
export async function save(
  [path = "", ref = ""]: string[],
  options: SaveOptions,
  context: Context,
): Promise<void> {
  compileEagerly();
  // A variable that is not set must not mean the working directory.
  if (path === "") throw new ChartroomError("usage", "Cannot save a chart: the path is empty");
  const typed = parseReference(ref);
  if (typed.digest !== undefined)
    throw new ChartroomError("usage", `Cannot save under "${ref}": a digest cannot be chosen`, {
      hint: "Give a tag, or none to use the chart's version.",
    });
  const chart = await loadChart(resolve(context.cwd, path));
  for (const warning of chart.warnings) warn(context, warning);
  const tag = typed.tag ?? parseTag(chart.metadata.version);
  const name = formatReference({ ...typed, tag });
  const content = { descriptor: describe(chart.archive, chartMediaTypes.content), bytes: chart.archive };
  const provenance = chart.provenance && {
    descriptor: describe(chart.provenance, chartMediaTypes.provenance),
    bytes: chart.provenance,
  };
  const { config, manifest } = buildChartManifest(
    { metadata: chart.metadata, content: content.descriptor, provenance: provenance?.descriptor },
    options.mediaType,
  );

  const layout = openStore(options, context);
  const before = (await layout.index()).get(name)?.descriptor;
  await writing(layout, context.signal, async (writer) => {
    const repository = writer.repository(repositoryOf(typed));
    for (const { descriptor, bytes } of [config, content, ...(provenance === undefined ? [] : [provenance])])
      await repository.pushBlob(descriptor, async (from) => new Blob([bytes.slice(from)]).stream());
    await repository.pushManifest(manifest.descriptor, manifest.bytes, { tags: [tag], expect: "any" });
  });

  const saved = await chartOf(layout, name, manifest.descriptor);
  const unchanged = before?.digest === manifest.descriptor.digest;
  print(context, options, {
    text: `${summaryOf(saved)}${tag}: saved\n`,
    json: chartJson(saved, unchanged ? "unchanged" : "saved"),
    quiet: `${repositoryOf(typed)}@${saved.manifest.digest}`,
  });
}
