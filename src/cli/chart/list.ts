import { type Glob, globOf, literal } from "../../chart/archive/glob.ts";
import { type BadEntry, charts, type StoredChart } from "../../layout/charts.ts";
import { shortHex } from "../../oci/digest.ts";
import type { Context } from "../context.ts";
import { chartJson, print } from "../output.ts";
import { openStore, type StoreOptions } from "../store.ts";
import { ageInWords, sizeInWords, tableOf } from "../words.ts";

interface ListOptions extends StoreOptions {
  readonly filter?: string;
}

/** `chart list`: everything the store names, sorted by reference; a bad entry is shown as such and hides nothing. */
export async function list(_args: string[], options: ListOptions, context: Context): Promise<void> {
  const matches = options.filter === undefined ? () => true : refGlob(options.filter);
  const rows = await charts(openStore(options, context), matches);

  const now = context.now();
  // Each only when it is printed: of ten thousand charts the unused ones would take a third of the time.
  print(context, options, {
    get text() {
      const header = ["REF", "NAME", "VERSION", "DIGEST", "SIZE", "CREATED"];
      return tableOf([header, ...rows.map((row) => cellsOf(row, now))]);
    },
    get json() {
      return rows.map((row) =>
        "error" in row
          ? { ref: row.ref, error: { code: row.error.code, message: row.error.message } }
          : chartJson(row, "saved"),
      );
    },
    quiet: rows.length === 0 ? undefined : rows.map(({ ref }) => ref).join("\n"),
  });
}

/** A row of the table. */
function cellsOf(row: StoredChart | BadEntry, now: number): string[] {
  if ("error" in row) {
    const digest = row.manifest === undefined ? "-" : shortHex(row.manifest.digest);
    return [row.ref, "-", "-", digest, "-", `error: ${row.error.message}`];
  }
  const { ref, name, version, content, created } = row;
  const age = ageInWords(Math.max(0, now - created));
  return [ref, name, version, shortHex(content.digest), sizeInWords(content.size), age];
}

/** A glob over whole references: `*` is any run of characters, `?` is one. */
const refGlob = (pattern: string): Glob =>
  globOf(
    [...pattern].map((character) =>
      character === "*" || character === "?"
        ? { run: character === "*", accepts: () => true }
        : literal(character),
    ),
  );
