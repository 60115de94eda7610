import { charts } from "../../layout/charts.ts";
import { removeName } from "../../layout/write.ts";
import { labelOf, parseReference } from "../../oci/reference.ts";
import type { Context } from "../context.ts";
import { chartJson, print } from "../output.ts";
import { notInStore, openStore, type StoreOptions, storeName } from "../store.ts";

/** `chart remove REF`: the name goes, whatever state its content is in; the content stays until `prune`. */
export async function remove([ref = ""]: string[], options: StoreOptions, context: Context): Promise<void> {
  const layout = openStore(options, context);
  const name = storeName(ref);
  const [row] = await charts(layout, (each) => each === name);
  if (!(await removeName(layout, name, context.signal))) throw await notInStore(layout, ref);
  print(context, options, {
    text: `${labelFor(name)}: removed\n`,
    json: row === undefined || "error" in row ? { ref: name, status: "removed" } : chartJson(row, "removed"),
    quiet: undefined,
  });
}

/** What the line begins with: the tag, or the whole name where our grammar finds none in it. */
function labelFor(name: string): string {
  try {
    return labelOf(parseReference(name)) || name;
  } catch {
    return name;
  }
}
