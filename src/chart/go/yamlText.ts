import { isPlainText } from "./scalar.ts";

/** What JSON holds. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Behind this column a line is folded at the next single blank (go-yaml's `best_width`). */
const width = 80;

/**
 * A value as YAML, to the byte as Helm prints it (sigs.k8s.io/yaml over go-yaml v2): keys in its natural order, lists not
 * indented, lines folded behind column 80.
 */
export const goYamlText = (value: Json): string => node(value, 0, 0).replace(/^\n/, "");

/**
 * A node as it stands behind a `:` or `-`, with its last newline.
 * @param indent of the collection that it stands in
 * @param column where it begins, in characters
 */
function node(value: Json, indent: number, column: number): string {
  if (typeof value === "string") return `${scalar(value, indent + 2, column)}\n`;
  if (typeof value !== "object" || value === null) return `${value}\n`;
  const pad = " ".repeat(indent);
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]\n";
    return `\n${value.map((each) => `${pad}- ${item(each, indent)}`).join("")}`;
  }
  const members = Object.entries(value as Record<string, Json>).sort(([a], [b]) => naturally(a, b));
  if (members.length === 0) return "{}\n";
  return `\n${members.map(([key, each]) => `${pad}${member(key, each, indent)}`).join("")}`;
}

/** What stands behind a `- `: a collection begins on the same line. */
const item = (value: Json, indent: number): string =>
  node(value, typeof value === "object" ? indent + 2 : indent, indent + 2).replace(/^\n */, "");

function member(key: string, value: Json, indent: number): string {
  const name = `${scalar(key, undefined, 0)}:`;
  const below = typeof value === "object" && !Array.isArray(value) ? indent + 2 : indent;
  const text = node(value, below, indent + name.length + 1);
  return text.startsWith("\n") ? name + text : `${name} ${text}`;
}

/**
 * Text in the style that go-yaml chooses.
 * @param indent of the lines that follow its first; undefined for a key, which has one line
 */
function scalar(text: string, indent: number | undefined, column: number): string {
  const may = analyzed(text);
  if (text.includes("\n") && indent !== undefined && may.block) return literal(text, indent);
  const plain = !text.includes("\n") && isPlainText(text) && !looksTimed(text);
  const fold = (written: string, quote: Quote) =>
    indent === undefined ? written : folded(written, indent, column + quote.length, quote);
  if (plain && may.plain) return fold(text, "");
  if (plain && may.single) return `'${fold(text.replaceAll("'", "''"), "'")}'`;
  return `"${fold(escaped(text), '"')}"`;
}

/** Numbers of base 60 and timestamps, which our reader takes for text and go-yaml quotes. */
const looksTimed = (text: string): boolean =>
  /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/.test(text) ||
  /^\d{4}-(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12]\d|3[01])(?:(?:[Tt]\d\d?:\d\d?:\d\d?(?:\.\d+)?(?:[Zz]|[-+]\d\d:\d\d))|(?: \d\d?:\d\d?:\d\d?(?:\.\d+)?))?$/.test(
    text,
  );

/** What go-yaml's emitter escapes: all but line feed, ASCII that prints, and the rest of the basic plane from U+00A0 on. */
const special = /[^\n\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u;

/** Which styles a text may have in a block (libyaml's `analyze_scalar`). */
function analyzed(text: string): { plain: boolean; single: boolean; block: boolean } {
  const indicators = /^(?:---|\.\.\.|[#,[\]{}&*!|>'"%@`]|[?:-](?:[ \t\n]|$))|:(?:[ \t\n]|$)|[ \t\n]#/.test(
    text,
  );
  const breaks = /[\n\u2028\u2029]/;
  const unfit = special.test(text) || / [\n\u2028\u2029]/.test(text);
  const broken = /[\n\u2028\u2029] /.test(text);
  return {
    plain: !indicators && !unfit && !breaks.test(text) && !/^ | $/.test(text),
    single: !unfit && !broken,
    block: !unfit && !text.endsWith(" "),
  };
}

function literal(text: string, indent: number): string {
  const lines = text.split("\n");
  const chomp = !text.endsWith("\n") ? "-" : text === "\n" || text.endsWith("\n\n") ? "+" : "";
  if (chomp !== "-") lines.pop();
  const pad = " ".repeat(indent);
  const body = lines.map((line) => `\n${line === "" ? "" : pad}${line}`).join("");
  return `|${/^[ \n]/.test(text) ? "2" : ""}${chomp}${body}`;
}

/** What a text stands between. */
type Quote = "" | "'" | '"';

/**
 * A text of one line, broken at single blanks behind the column; between double quotes at the first of many, too, and
 * between any never at the text's ends.
 */
function folded(text: string, indent: number, begin: number, quote: Quote): string {
  const characters = [...text];
  const double = quote === '"';
  let column = begin;
  let out = "";
  for (const [i, each] of characters.entries()) {
    const inside = i > 0 && i < characters.length - 1;
    const single = characters[i - 1] !== " " && (double || characters[i + 1] !== " ");
    if (each !== " " || column <= width || !single || (quote !== "" && !inside)) {
      out += each;
      column++;
      continue;
    }
    const kept = double && characters[i + 1] === " " ? "\\" : "";
    out += `\n${" ".repeat(indent)}${kept}`;
    column = indent + kept.length;
  }
  return out;
}

const shortEscapes: Record<string, string> = {
  "\0": "0",
  "\x07": "a",
  "\b": "b",
  "\t": "t",
  "\n": "n",
  "\v": "v",
  "\f": "f",
  "\r": "r",
  "\x1b": "e",
  '"': '"',
  "\\": "\\",
  "\x85": "N",
  "\u2028": "L",
  "\u2029": "P",
};

const escaped = (text: string): string =>
  text.replace(/["\\\n\u2028\u2029]|[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/gu, (each) => {
    const short = shortEscapes[each];
    if (short !== undefined) return `\\${short}`;
    const hex = each.codePointAt(0)!.toString(16).toUpperCase();
    if (hex.length <= 2) return `\\x${hex.padStart(2, "0")}`;
    return hex.length <= 4 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
  });

/** go-yaml's order of keys: letters behind all else, numbers by their value. It turns in circles for some odd keys. */
function naturally(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  const at = left.findIndex((each, i) => each !== right[i]);
  if (at < 0 || at >= right.length) return left.length - right.length;
  const [one, other] = [left[at]!, right[at]!];
  const letters = [one, other].map((each) => /\p{L}/u.test(each));
  if (letters[0] !== letters[1]) return letters[0] ? 1 : -1;
  if (!letters[0]) {
    const [m, n] = [left, right].map((each) => /^\p{Nd}*/u.exec(each.slice(at).join(""))![0]);
    // A zero within a number is one of its digits, not in front of it.
    const lead = (one === "0" || other === "0") && /[1-9]\d*$/.test(left.slice(0, at).join("")) ? "1" : "";
    const [x, y] = [Number(`${lead}${m}`), Number(`${lead}${n}`)];
    if (x !== y) return x - y;
    if (m!.length !== n!.length) return m!.length - n!.length;
  }
  return one < other ? -1 : 1;
}
