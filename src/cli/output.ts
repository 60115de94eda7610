import type { Descriptor } from "../oci/descriptor.ts";
import { hexOf } from "../oci/digest.ts";
import type { Context, GlobalOptions } from "./context.ts";
import { printable, sizeInWords } from "./words.ts";

/** What a command did with a chart. Words are only ever added. */
export type Status =
  | "saved"
  | "unchanged"
  | "tagged"
  | "exported"
  | "pushed"
  | "exists"
  | "downloaded"
  | "current"
  | "removed";

/** A chart under a reference: what every command on charts can say of it. */
export interface NamedChart {
  readonly ref: string;
  readonly manifest: Descriptor;
  readonly name: string;
  readonly version: string;
  readonly content: Descriptor;
  readonly provenance: Descriptor | undefined;
  /** When the store got the content, ms since 1970. */
  readonly created: number;
}

/** The five lines that Helm 3.0–3.6 printed of a chart, label and value. The digest is the layer's (founding page). */
export const summaryOf = (chart: NamedChart): string =>
  [
    `ref:     ${chart.ref}`,
    `digest:  ${hexOf(chart.content.digest)}`,
    `size:    ${sizeInWords(chart.content.size)}`,
    `name:    ${chart.name}`,
    `version: ${chart.version}`,
    "",
  ].join("\n");

/** The members of a descriptor that our JSON output shows. */
export const shown = ({ digest, size, mediaType }: Descriptor) => ({ digest, size, mediaType });

/** A chart as the object that `-o json` prints. Keys are only ever added. */
export const chartJson = (chart: NamedChart, status: Status) => ({
  ref: chart.ref,
  name: chart.name,
  version: chart.version,
  status,
  ...shown(chart.content),
  manifest: shown(chart.manifest),
  provenance: chart.provenance === undefined ? null : shown(chart.provenance),
  created: isoSeconds(chart.created),
});

/** A moment as RFC 3339 in UTC, to the second. */
const isoSeconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** The three ways to read one result. */
export interface Result {
  /** What a person reads. */
  readonly text: string;
  /** The one object or array of `-o json`. */
  readonly json: unknown;
  /** The one line of `-q`, or undefined for silence. */
  readonly quiet: string | undefined;
}

/** Print a command's result the way the user asked for. */
export function print(context: Context, options: GlobalOptions, result: Result): void {
  if (options.output === "json") context.write(`${jsonText(result.json)}\n`);
  else if (options.quiet)
    context.write(result.quiet === undefined ? "" : `${quietLine(context, result.quiet)}\n`);
  else context.write(printable(result.text));
}

/** Names go to other programs as they are; a terminal is shown what it may print. */
const quietLine = ({ terminal }: Context, line: string): string => (terminal.stdout ? printable(line) : line);

/** A value as `-o json` prints it, without an end of line. */
export const jsonText = (value: unknown): string => escapeC1(JSON.stringify(value, null, 2));

/** JSON without the control characters that `JSON.stringify` leaves as they are, and that terminals obey (ECMA-48 §5.3). */
const escapeC1 = (json: string): string =>
  json.replace(/[\x7f-\x9f]/g, (each) => `\\u00${each.charCodeAt(0).toString(16)}`);

/** Warn of what does not stop the work; the words may be a server's, a helper's or a file's. */
export const warn = (context: Pick<Context, "tell">, message: string): void =>
  context.tell(`Warning: ${printable(message)}\n`);

/** Whether lines for a person go to standard output at all. */
export const forPeople = (options: GlobalOptions): boolean => options.output !== "json" && !options.quiet;
