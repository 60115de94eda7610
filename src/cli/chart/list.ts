import { type Glob, globOf, literal } from "../../chart/glob.ts";
import { charts } from "../../layout/charts.ts";
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

  const header = ["REF", "NAME", "VERSION", "DIGEST", "SIZE", "CREATED"];
  const cells = rows.map((row) =>
    "error" in row
      ? [
          row.ref,
          "-",
          "-",
          row.manifest === undefined ? "-" : shortHex(row.manifest.digest),
          "-",
          `error: ${row.error.message}`,
        ]
      : [
          row.ref,
          row.name,
          row.version,
          shortHex(row.content.digest),
          sizeInWords(row.content.size),
          ageInWords(Math.max(0, context.now() - row.created)),
        ],
  );
  print(context, options, {
    text: tableOf([header, ...cells]),
    json: rows.map((row) =>
      "error" in row
        ? { ref: row.ref, error: { code: row.error.code, message: row.error.message } }
        : chartJson(row, "saved"),
    ),
    quiet: rows.length === 0 ? undefined : rows.map(({ ref }) => ref).join("\n"),
  });
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
