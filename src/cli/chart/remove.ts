import { labelOf } from "../../oci/reference.ts";
import type { Context } from "../context.ts";
import { chartJson, print } from "../output.ts";
import { notInStore, openStore, type StoreOptions, storeName } from "../store.ts";

/** `chart remove REF`: the name goes; the content stays until `prune`. */
export async function remove([ref = ""]: string[], options: StoreOptions, context: Context): Promise<void> {
  const layout = openStore(options, context);
  const { name, reference } = storeName(ref);
  const found = (await layout.charts()).find((row) => row.ref === name);
  if (found === undefined || !(await layout.remove(name))) throw await notInStore(layout, ref);
  const label = reference === undefined ? name : labelOf(reference);
  const json =
    "chart" in found
      ? chartJson({ ...found.chart, ref: name, manifest: found.descriptor }, "removed")
      : { ref: name, status: "removed" };
  print(context, options, { text: `${label}: removed\n`, json, quiet: undefined });
}
