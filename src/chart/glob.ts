/** Whether a name matches the whole pattern. */
export type Glob = (name: string) => boolean;

/**
 * A pattern of Go's `filepath.Match`: `*` is any run without `/`, `?` one character but `/`, `[a-c]` and `[^a-c]` a class,
 * `\` takes what follows as it is. Everything else stands for itself.
 * @returns undefined when the pattern does not parse: an open class or range, or `\` at the end
 */
export function parseGlob(pattern: string): Glob | undefined {
  const characters = [...pattern];
  let source = "";
  for (let at = 0; at < characters.length; ) {
    const character = characters[at++]!;
    if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (character === "[") {
      const set = parseClass(characters, at);
      if (set === undefined) return undefined;
      source += set.source;
      at = set.end;
    } else if (character === "\\") {
      const literal = characters[at++];
      if (literal === undefined) return undefined;
      source += escaped(literal);
    } else source += escaped(character);
  }
  const expression = new RegExp(`^${source}$`, "su");
  return (name) => expression.test(name);
}

/** A class from behind its `[`: as in Go it may hold `/`, may not be empty, and takes `-` and `]` only behind `\`. */
function parseClass(
  characters: readonly string[],
  start: number,
): { source: string; end: number } | undefined {
  let at = start;
  const negated = characters[at] === "^";
  if (negated) at++;
  const one = (): string | undefined => {
    let character = characters[at++];
    if (character === "-" || character === "]") return undefined;
    if (character === "\\") character = characters[at++];
    // Go asks for something behind each member: the class must still be closed.
    return at < characters.length ? character : undefined;
  };
  let members = "";
  do {
    const low = one();
    if (low === undefined) return undefined;
    let high: string | undefined = low;
    if (characters[at] === "-") {
      at++;
      high = one();
      if (high === undefined) return undefined;
    }
    // A range that runs backwards parses in Go, and holds nothing.
    if (low.codePointAt(0)! <= high.codePointAt(0)!) members += `${escaped(low)}-${escaped(high)}`;
  } while (characters[at] !== "]");
  return { source: `[${negated ? "^" : ""}${members}]`, end: at + 1 };
}

/** A character that stands for itself in an expression, inside a class and outside. */
const escaped = (character: string): string => `\\u{${character.codePointAt(0)!.toString(16)}}`;
