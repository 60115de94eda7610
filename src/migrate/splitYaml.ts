import { badIndex, type Entry, entryLimit, type IndexPart } from "./entry.ts";

const hint =
  "Entries are read in block style, as Helm, ChartMuseum and chart-releaser write them, or as JSON.";

/** A key in block style and what follows it on its line. */
const keyed =
  /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^\s"'{}[\]&*?|>%@`#-][^#]*?|-[^\s#][^#]*?)):(?:\s+(.*))?$/;
/**
 * Which members of an entry are kept, the others being dropped unread: those that tell where it is and what it must be, with
 * those that are for people, or all of them.
 */
const kinds = {
  needed: /^(?:name|version|urls|digest|created|deprecated|removed):/i,
  described: /^(?:name|version|urls|digest|created|deprecated|removed|appVersion|description|keywords):/i,
  all: /^/,
} as const;
export type Members = keyof typeof kinds;
const plainKey = /^[A-Za-z][\w.-]*:(?:\s|$)/;

/** Charts in one index, whose names are held; real ones have some hundreds. */
const chartsLimit = 100_000;

/** An entry that is being collected. */
interface Open {
  readonly chart: string;
  readonly line: number;
  readonly indent: number;
  readonly lines: string[];
  size: number;
}

/**
 * The parts of an index in YAML, told by their indentation: a whole parser would hold the whole index, and needs half a
 * minute for a hundred megabytes. Each entry is parsed on its own later, so quoting, folding and flow style within one are
 * the parser's affair; anchors do not reach from one entry into another.
 * @param lines without their newlines
 * @param members which are kept of each entry
 * @throws ChartroomError `invalid` with the line for what is not in block style, and for a chart that stands there twice
 */
export async function* splitYaml(lines: AsyncIterable<string>, members: Members): AsyncGenerator<IndexPart> {
  const kept = kinds[members];
  const charts = new Set<string>();
  let at = 0;
  /** Whether the document was begun: comments and directives may go before it. */
  let begun = false;
  /** Whether `entries` was met, is being read, or lies behind. */
  let entries: "ahead" | "here" | "behind" = "ahead";
  let chart: { readonly name: string; readonly indent: number; itemIndent?: number } | undefined;
  let chartIndent: number | undefined;
  let open: Open | undefined;

  for await (const line of lines) {
    at++;
    const indent = line.search(/[^ ]/);
    const inside = open !== undefined && (indent === -1 || indent > open.indent);
    if (inside) {
      take(open!, line);
      continue;
    }
    if (indent === -1 || line[indent] === "#") continue;
    const isStart = !begun && /^(?:---|%)/.test(line);
    begun ||= !line.startsWith("%");
    if (isStart) continue;
    if (open !== undefined) yield closed(open, kept);
    open = undefined;

    if (indent === 0 && !isItem(line, 0)) {
      if (/^(?:---|\.\.\.)/.test(line)) break; // Helm reads the first document alone
      const { key, value } = keyIn(line, at);
      if (entries === "here") entries = "behind";
      chart = undefined;
      if (key !== "entries") yield { member: key, value: plain(value) };
      else if (entries !== "ahead") throw badIndex(at, "entries is there twice");
      else entries = isEmpty(value, "{}", at) ? "here" : "behind";
    } else if (entries === "here") {
      if (isItem(line, indent)) {
        if (chart === undefined || indent < chart.indent || (chart.itemIndent ?? indent) !== indent)
          throw badIndex(at, "an entry is where none is expected", hint);
        chart.itemIndent = indent;
        open = { chart: chart.name, line: at, indent, lines: [], size: 0 };
        take(open, `${line.slice(0, indent)} ${line.slice(indent + 1)}`);
      } else {
        const { key, value } = keyIn(line.slice(indent), at);
        chartIndent ??= indent;
        if (indent !== chartIndent)
          throw badIndex(at, `${key} is not indented as the charts before it`, hint);
        if (charts.has(key)) throw badIndex(at, `the chart ${key} is there twice`);
        charts.add(key);
        if (charts.size > chartsLimit) throw badIndex(at, `it has more than ${chartsLimit} charts`);
        isEmpty(value, "[]", at);
        chart = { name: key, indent };
      }
    }
  }
  if (open !== undefined) yield closed(open, kept);
}

const isItem = (line: string, indent: number): boolean =>
  line[indent] === "-" && (line.length === indent + 1 || line[indent + 1] === " ");

function keyIn(text: string, at: number): { key: string; value: string } {
  const [, double, single, bare, value = ""] = keyed.exec(text.trimEnd()) ?? [];
  const key = double?.replace(/\\(.)/g, "$1") ?? single?.replaceAll("''", "'") ?? bare?.trimEnd();
  if (key === undefined) throw badIndex(at, "a name and a colon are expected", hint);
  return { key, value: value.replace(/(?:^|\s+)#.*$/, "") };
}

/** Whether more lines follow what stands behind a key: true where nothing does, false for an empty collection. */
function isEmpty(value: string, collection: "{}" | "[]", at: number): boolean {
  if (value === "" || value === "~" || value === "null") return value === "";
  if (value.replaceAll(" ", "") === collection) return false;
  throw badIndex(at, "what follows the colon is not in block style", hint);
}

const plain = (value: string): string => value.replace(/^(["'])(.*)\1$/, "$2");

function take(open: Open, line: string): void {
  open.size += line.length + 1;
  if (open.size > entryLimit) throw badIndex(open.line, `an entry has more than ${entryLimit} characters`);
  open.lines.push(line);
}

/** An entry with the members that count. What a member's lines say is told by its first one. */
function closed({ chart, line, lines }: Open, members: RegExp): Entry {
  const base = lines.find((each) => each.trim() !== "")?.search(/[^ ]/) ?? 0;
  let keep = true;
  const kept = lines.filter((each) => {
    const text = each.slice(base);
    if (each.search(/[^ ]/) === base && !isItem(text, 0)) keep = members.test(text) || !plainKey.test(text);
    return keep;
  });
  return { chart, line, text: kept.join("\n") };
}
