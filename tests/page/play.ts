import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One command of a session, with what it must print on standard output. */
export interface Step {
  /** The words after `chartroom`. */
  readonly args: readonly string[];
  readonly golden: string;
}

/**
 * The founding page's session (`page.console`), written as a terminal shows it: `$ chartroom …`, the output, a blank line.
 * @param registry what stands in for `localhost:5000`
 */
export function readSession(registry: string): Step[] {
  const text = readFileSync(join(import.meta.dir, "page.console"), "utf8").replaceAll(
    "localhost:5000",
    registry,
  );
  return text
    .split(/^\$ chartroom /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf("\n");
      return { args: part.slice(0, end).split(" "), golden: `${part.slice(end + 1).trimEnd()}\n` };
    });
}

/** The stand-ins of the founding page, and what they stand for. */
const standIns: Record<string, string> = {
  "<HEX64>": "[0-9a-f]{64}",
  "<HEX7>": "[0-9a-f]{7}",
  "<SIZE>": String.raw`(?:\d+ B|\d+\.\d [KMGTPE]iB)`,
  "<TOTAL>": String.raw`(?:\d+ B|\d+\.\d [KMGTPE]iB)`,
  "<AGE>": String.raw`(?:Less than a second|1 second|\d+ seconds|About a minute|\d+ minutes)`,
  "<VERSION>": String.raw`\d+\.\d+\.\d+`,
};

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/**
 * Whether output equals a golden, byte for byte but for the stand-ins. A cell of a table is compared without its padding,
 * and `tableIsPadded` holds the padding.
 */
export function matches(output: string, golden: string): boolean {
  const pattern = golden.replace(/<[A-Z0-9]+>|[^<]+|</g, (part) => standIns[part] ?? escaped(part));
  return new RegExp(`^${pattern}$`).test(output.replace(/ +\t/g, "\t"));
}

/** Whether every cell of a table is padded to the longest one of its column, and nothing follows the last cell. */
export function tableIsPadded(output: string): boolean {
  const rows = output
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t"));
  const [header = []] = rows;
  const widths = header.map((_, i) => Math.max(...rows.map((row) => row[i]?.trimEnd().length ?? 0)));
  return rows.every(
    (row) =>
      row.length === header.length &&
      row.every((cell, i) => cell === cell.trimEnd().padEnd(i === row.length - 1 ? 0 : widths[i]!)),
  );
}
