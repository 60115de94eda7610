/** Whether a name matches the whole pattern. */
export type Glob = (name: string) => boolean;

/** A part of a pattern: one character that it accepts, or a run of any length of such. */
export interface GlobPart {
  readonly run: boolean;
  accepts(character: string): boolean;
}

/**
 * A glob out of its parts. It reads a name once and keeps all ways to match it so far: what backtracks, as an expression
 * does, needs minutes for a dozen `*` over a long name (measured), and both may come from a stranger.
 */
export const globOf =
  (parts: readonly GlobPart[]): Glob =>
  (name) => {
    // reached[i]: the first i parts match what was read.
    let reached = skippingRuns(parts, [true]);
    for (const character of name) {
      const next: boolean[] = [];
      for (const [i, part] of parts.entries())
        if (reached[i] && part.accepts(character)) next[part.run ? i : i + 1] = true;
      reached = skippingRuns(parts, next);
    }
    return reached[parts.length] ?? false;
  };

/** A run may be empty: where it begins, what follows it begins too. */
function skippingRuns(parts: readonly GlobPart[], reached: boolean[]): boolean[] {
  for (const [i, { run }] of parts.entries()) if (run && reached[i]) reached[i + 1] = true;
  return reached;
}

/** A character that stands for itself. */
export const literal = (character: string): GlobPart => ({
  run: false,
  accepts: (other) => other === character,
});

const notSlash = (character: string): boolean => character !== "/";

/**
 * A pattern of Go's `filepath.Match`: `*` is any run without `/`, `?` one character but `/`, `[a-c]` and `[^a-c]` a class,
 * `\` takes what follows as it is. Everything else stands for itself.
 * @returns undefined when the pattern does not parse: an open class or range, or `\` at the end
 */
export function parseGlob(pattern: string): Glob | undefined {
  const characters = [...pattern];
  const parts: GlobPart[] = [];
  for (let at = 0; at < characters.length; ) {
    const character = characters[at++]!;
    if (character === "*") parts.push({ run: true, accepts: notSlash });
    else if (character === "?") parts.push({ run: false, accepts: notSlash });
    else if (character === "[") {
      const set = parseClass(characters, at);
      if (set === undefined) return undefined;
      parts.push(set.part);
      at = set.end;
    } else if (character === "\\") {
      const escaped = characters[at++];
      if (escaped === undefined) return undefined;
      parts.push(literal(escaped));
    } else parts.push(literal(character));
  }
  return globOf(parts);
}

/** A class from behind its `[`: as in Go it may hold `/`, may not be empty, and takes `-` and `]` only behind `\`. */
function parseClass(
  characters: readonly string[],
  start: number,
): { part: GlobPart; end: number } | undefined {
  let at = start;
  const negated = characters[at] === "^";
  if (negated) at++;
  const one = (): number | undefined => {
    let character = characters[at++];
    if (character === "-" || character === "]") return undefined;
    if (character === "\\") character = characters[at++];
    // Go asks for something behind each member: the class must still be closed.
    return at < characters.length ? character?.codePointAt(0) : undefined;
  };
  const ranges: [low: number, high: number][] = [];
  do {
    const low = one();
    if (low === undefined) return undefined;
    let high: number | undefined = low;
    if (characters[at] === "-") {
      at++;
      high = one();
      if (high === undefined) return undefined;
    }
    ranges.push([low, high]); // one that runs backwards parses in Go, and holds nothing
  } while (characters[at] !== "]");
  const accepts = (character: string): boolean => {
    const point = character.codePointAt(0)!;
    return ranges.some(([low, high]) => low <= point && point <= high) !== negated;
  };
  return { part: { run: false, accepts }, end: at + 1 };
}
