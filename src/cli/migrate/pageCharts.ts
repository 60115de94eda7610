import { copied } from "../../oci/copied.ts";
import { cellOf, sizeInWords } from "../words.ts";
import { statuses, type Told, words } from "./told.ts";

/** Text in HTML, whoever wrote it: no markup, no control characters, on one line. */
export const escaped = (text: string): string =>
  cellOf(text).replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`);

/** What a page has of a chart. */
interface ChartOnPage {
  /** A row of its table for each version. */
  readonly rows: string[];
  readonly counts: Map<Told["status"], number>;
}

/**
 * The charts of a page, written as their versions come: for a hundred thousand a plan takes 200 MiB, and took 270 where what was
 * told of them was held, since its texts are pieces of the index, which keep all of it (measured).
 */
export class PageCharts {
  readonly #charts = new Map<string, ChartOnPage>();
  #example: string | undefined;

  /** One that clients can have by now, with its tag. */
  get example(): string | undefined {
    return this.#example;
  }

  add(told: Told): void {
    const { chart, status, ref } = told;
    const held: ChartOnPage = this.#charts.get(chart) ?? { rows: [], counts: new Map() };
    this.#charts.set(copied(chart), held);
    held.rows.push(copied(rowOf(told)));
    held.counts.set(status, (held.counts.get(status) ?? 0) + 1);
    if (/^(moved|exists|verified)$/.test(status)) this.#example ??= ref;
  }

  /** Chart by chart, in the order of their names; what went well is folded. */
  write(): string {
    return [...this.#charts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([chart, { rows, counts }]) => {
        const counted = statuses.flatMap((status) =>
          counts.has(status) ? [`${counts.get(status)} ${words[status]}`] : [],
        );
        const open = counts.has("failed") || counts.has("conflict") ? " open" : "";
        return `<details${open}><summary>${escaped(chart)} <small>${counted.join(", ")}</small></summary>
<table><tr><th>Version<th>Status<th>Size<th>Where, archive, manifest\n${rows.join("\n")}\n</table></details>`;
      })
      .join("\n");
  }
}

function rowOf({ version, status, size, ref, digest, manifest }: Told): string {
  const names = [ref, digest, manifest].filter((name) => name !== undefined).map(escaped);
  const where = names.length === 0 ? "" : `<code>${names.join("<br>")}</code>`;
  const bytes = size === undefined ? "" : sizeInWords(size);
  return `<tr class="${status}"><td>${escaped(version)}<td>${words[status]}<td>${bytes}<td>${where}`;
}
