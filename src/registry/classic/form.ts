import { isPlainText } from "../../chart/go/scalar.ts";
import { makeSmallPart, type Part } from "./part.ts";

/** What an index is written in: YAML as Helm writes it, or the same in JSON. */
export type Form = "yaml" | "json";

/** A version's entry: the text that its archive has (`chart/indexEntry.ts`), and when it came, ms since 1970. */
export interface Entry {
  readonly text: string;
  /** Undefined where nothing tells. */
  readonly created: number | undefined;
}

/** What stands in front of and behind the charts. */
export interface Frame {
  /** Whether there are none. */
  readonly empty: boolean;
  /** When the newest came, ms since 1970. */
  readonly generated: number;
  /** The path that ChartMuseum's clients put `/api` behind; undefined where none answers. */
  readonly contextPath: string | undefined;
}

interface Writing {
  /** Entries of a chart, one behind the other; `first` and `last` say whether all of its entries begin and end here. */
  entries(chart: string, entries: readonly Entry[], first: boolean, last: boolean): string;
  head(frame: Frame): string;
  tail(frame: Frame): string;
  /** What stands between two runs of entries. */
  readonly between: Part | undefined;
}

/** RFC 3339 in UTC, to the second as in manifests. */
const moment = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

/** An entry as an item of a list; its text is indented as what follows the item's first line. */
const yamlEntry = ({ text, created }: Entry): string =>
  created === undefined ? `  - ${text.trimStart()}` : `  - created: "${moment(created)}"\n${text}`;

const yaml: Writing = {
  entries: (chart, entries, first) => (first ? `  ${keyOf(chart)}:\n` : "") + entries.map(yamlEntry).join(""),
  head: ({ empty }) => `apiVersion: v1\nentries:${empty ? " {}" : ""}\n`,
  tail: ({ generated, contextPath }) =>
    `generated: "${moment(generated)}"\n${contextPath === undefined ? "" : `serverInfo:\n  contextPath: ${JSON.stringify(contextPath)}\n`}`,
  between: undefined,
};

/** An entry alone, in JSON. */
export const jsonEntry = ({ text, created }: Entry): string =>
  created === undefined ? `{${text}}` : `{"created":"${moment(created)}",${text}}`;

/** Made for the first index that wants it: what presses it is not loaded before. */
let comma: Part | undefined;

const json: Writing = {
  entries: (chart, entries, first, last) =>
    (first ? `${JSON.stringify(chart)}:[` : "") + entries.map(jsonEntry).join(",") + (last ? "]" : ""),
  head: () => '{"apiVersion":"v1","entries":{',
  tail: ({ generated, contextPath }) =>
    `},"generated":"${moment(generated)}","serverInfo":${JSON.stringify({ contextPath })}}`,
  get between() {
    comma ??= makeSmallPart(",");
    return comma;
  },
};

/** How each form is written. */
export const writing: Readonly<Record<Form, Writing>> = { yaml, json };

/** A chart's name as a key: in quotes where it could be read as a number, a date or a boolean. */
const keyOf = (name: string): string =>
  isPlainText(name) && !/^\d/.test(name) ? name : JSON.stringify(name);
