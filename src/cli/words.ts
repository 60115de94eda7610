/** Numbers as Helm's tables said them (founding page; Helm 3.2's `byteCountBinary` and go-units' `HumanDuration`). */

/** Bytes in words: `454 B`, `2.4 KiB`, by 1,024 with one decimal. */
export function sizeInWords(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < 5) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(1)} ${"KMGTPE"[unit]}iB`;
}

/** A span of milliseconds in words: `27 seconds`, `About an hour`, `2 weeks`. */
export function ageInWords(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.round(milliseconds / 3_600_000);
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  const days = Math.floor(hours / 24);
  if (hours < 24 * 7 * 2) return `${days} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(days / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(days / 30)} months`;
  return `${Math.floor(days / 365)} years`;
}

/** A wait in ms, in words: `45 seconds`, `5 minutes`; rounded up. */
export const waitInWords = (ms: number): string =>
  ms < 120_000 ? countOf(Math.ceil(ms / 1000), "second") : countOf(Math.ceil(ms / 60_000), "minute");

/** A count with its noun: `1 layer`, `2 layers`. */
export const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** What most text is: to look for more takes ten times as long, which the 60,000 cells of a long table would show. */
const plain = /^[\n\t\x20-\x7e]*$/;
const plainLine = /^[\x20-\x7e]*$/;

/** Text fit for a terminal: what another tool or a server named may hold control sequences. Line feed and tab are ours. */
export const printable = (text: string): string =>
  plain.test(text)
    ? text
    : text.replace(/(?![\n\t])\p{C}/gu, (each) => `\\u{${each.codePointAt(0)!.toString(16)}}`);

/** A cell of a table, or a line: on one line, whatever it says. */
export const cellOf = (text: string): string => printable(text).replace(/[\n\t]/g, " ");

/**
 * Rows as Helm's table: cells padded with blanks to their column's width and joined by one TAB; nothing is cut off and
 * nothing follows the last cell. Every line ends with a newline.
 */
export function tableOf(table: readonly (readonly string[])[]): string {
  const rows = table.map((row) => (plainLine.test(row.join("")) ? row : row.map(cellOf)));
  // Widths by index: an iterator over the 60,000 cells of a long table takes three times as long.
  const widths: number[] = [];
  for (const row of rows)
    for (let i = 0; i < row.length; i++) widths[i] = Math.max(widths[i] ?? 0, row[i]!.length);
  const padded = (cell: string, i: number, { length }: readonly string[]) =>
    i === length - 1 ? cell : cell.padEnd(widths[i]!);
  return rows.map((row) => `${row.map(padded).join("\t")}\n`).join("");
}

/**
 * A command line in lines of at most `width` columns, which a shell takes for one. A word is never cut, however long; an
 * option stays with what follows it, and `>` with its file.
 */
export function folded(line: string, width: number): string {
  const lines: string[] = [];
  for (const word of line.match(/[-<>]\S* [^-<>]\S*|\S+/g) ?? []) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${word} \\`.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(last === undefined ? word : `      ${word}`);
  }
  return lines.join(" \\\n");
}
