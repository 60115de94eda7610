import { writing } from "../../layout/write.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { formatReference, parseReference } from "../../oci/reference.ts";
import type { Context } from "../context.ts";
import { chartJson, print, summaryOf } from "../output.ts";
import { openStore, type StoreOptions, savedChart } from "../store.ts";

/** `chart tag REF NEWREF`: another name for a saved chart. A local name may move. */
export async function tag(
  [ref = "", newref = ""]: string[],
  options: StoreOptions,
  context: Context,
): Promise<void> {
  const target = parseReference(newref);
  if (target.tag === undefined || target.digest !== undefined)
    throw new ChartroomError("usage", `Cannot tag as "${newref}": expected HOST[:PORT]/REPOSITORY:TAG`);
  const layout = openStore(options, context);
  const chart = await savedChart(layout, ref);
  const name = formatReference(target);
  await writing(layout, context.signal, (writer) => writer.name(name, chart.manifest));
  const tagged = { ...chart, ref: name };
  print(context, options, {
    text: `${summaryOf(tagged)}${target.tag}: tagged\n`,
    json: chartJson(tagged, "tagged"),
    quiet: name,
  });
}
