import { badIndex, entryLimit, type IndexPart } from "./entry.ts";

/** How deep an entry lies: in the index, in `entries`, in the list of its chart. */
const entryDepth = 4;

/** What is nested deeper is none: each level is held. Entries of real indexes have some five. */
const depthLimit = 1000;

/**
 * The parts of an index in JSON, as it comes: only the entry that is being read is held.
 * @param pieces the text, cut anywhere
 * @throws ChartroomError `invalid` with the line for what cannot be JSON; an entry's own JSON is parsed later
 */
export async function* splitJson(pieces: AsyncIterable<string>): AsyncGenerator<IndexPart> {
  let line = 1;
  let inString = false;
  let escaped = false;
  const brackets: string[] = [];
  /** The keys that lead to what is being read: of the top, and of `entries`. */
  const keys: string[] = [];
  /** What was read of a text, or of an entry, that is not over. */
  let held = "";
  let text: string | undefined;
  let isValue = false;
  let began = 0;

  const inEntry = () => began > 0;
  for await (const piece of pieces) {
    let from = 0;
    for (let i = 0; i < piece.length; i++) {
      const letter = piece[i]!;
      if (letter === "\n") line++;
      if (inString) {
        if (escaped) escaped = false;
        else if (letter === "\\") escaped = true;
        else if (letter === '"') {
          inString = false;
          if (!inEntry()) text = unquoted(held + piece.slice(from, i + 1), line);
          if (!inEntry()) held = "";
        }
        continue;
      }
      switch (letter) {
        case '"':
          inString = true;
          if (!inEntry()) from = i;
          break;
        case ":":
          if (brackets.length <= 2 && text !== undefined) keys.splice(brackets.length - 1, 2, text);
          isValue = true;
          text = undefined;
          break;
        case "{":
        case "[":
          if (brackets.push(letter) > depthLimit)
            throw badIndex(line, `it is nested more than ${depthLimit} deep`);
          isValue = false;
          text = undefined;
          if (brackets.length === entryDepth && brackets.join("") === "{{[{" && keys[0] === "entries") {
            began = line;
            from = i;
          }
          break;
        case "}":
        case "]":
        case ",": {
          const isTop = brackets.length === 1 && isValue && text !== undefined;
          if (isTop) yield { member: keys[0] ?? "", value: text! };
          isValue = false;
          text = undefined;
          if (letter === ",") break;
          if (brackets.pop() !== (letter === "}" ? "{" : "["))
            throw badIndex(line, `"${letter}" closes nothing`);
          if (inEntry() && brackets.length === entryDepth - 1) {
            yield { chart: keys[1] ?? "", line: began, text: held + piece.slice(from, i + 1) };
            began = 0;
            held = "";
          }
        }
      }
    }
    if (inString || inEntry()) held += piece.slice(from);
    if (held.length > entryLimit)
      throw badIndex(began || line, `more than ${entryLimit} characters in one piece`);
  }
  if (brackets.length > 0 || inString) throw badIndex(line, "it ends in the middle");
}

function unquoted(json: string, line: number): string {
  try {
    return JSON.parse(json);
  } catch {
    throw badIndex(line, `${json.slice(0, 40)} is no text in JSON`);
  }
}
