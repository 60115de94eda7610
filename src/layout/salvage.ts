import { isObject } from "../oci/json.ts";

/**
 * The entries that can still be read of an index.json that does not parse, from the first of its list to where it breaks
 * off: what a tool that was killed while writing left (oras #1888). Each is whole as it stands there; nothing is made up.
 */
export function salvageEntries(text: string): unknown[] {
  const entries: unknown[] = [];
  let at = /"manifests"\s*:\s*\[/.exec(text)?.index ?? -1;
  for (at = at < 0 ? -1 : text.indexOf("[", at); at >= 0; ) {
    const start = text.slice(at + 1).search(/[^\s,]/) + at + 1;
    const end = text[start] === "{" ? endOfObject(text, start) : -1;
    const entry = end < 0 ? undefined : tryJson(text.slice(start, end + 1));
    if (!isObject(entry)) break;
    entries.push(entry);
    at = end;
  }
  return entries;
}

/** Where the object that begins at `start` ends; -1 when the text ends before. */
function endOfObject(text: string, start: number): number {
  const marks = /"(?:[^"\\]|\\.)*"|[{}]/gs;
  marks.lastIndex = start;
  let depth = 0;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    if (mark[0] === "{") depth++;
    else if (mark[0] === "}" && --depth === 0) return mark.index;
  }
  return -1;
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
