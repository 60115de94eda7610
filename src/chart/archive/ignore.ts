import { ChartroomError } from "../../oci/errors.ts";
import { type Glob, parseGlob } from "./glob.ts";

/** One line of a `.helmignore`. */
interface Rule {
  readonly glob: Glob;
  readonly negated: boolean;
  readonly directoryOnly: boolean;
  /** Whether the whole path is compared, or the last part only. */
  readonly wholePath: boolean;
}

/** What a chart leaves out when it is packed. */
export class IgnoreRules {
  readonly #rules: readonly Rule[];

  private constructor(rules: readonly Rule[]) {
    this.#rules = rules;
  }

  /**
   * The rules of a `.helmignore`, and behind them Helm's own: nothing hidden in `templates/`.
   * @param text the file's content, "" where there is none
   * @throws ChartroomError `invalid` for `**`, and for a pattern that does not parse
   */
  static parse(text: string): IgnoreRules {
    const lines = text.replace(/^\ufeff/, "").split("\n");
    const rules = [...lines, "templates/.?*"].map((line, i) => parseRule(line.trim(), i + 1));
    return new IgnoreRules(rules.filter((rule) => rule !== undefined));
  }

  /**
   * Whether a file or directory stays out. The first rule that speaks decides. A rule with `!` speaks about everything
   * that it does not match, and says that it stays out (helm `pkg/ignore`): `!x` is not git's "but keep x".
   * @param path relative to the chart, parts separated by `/`; of an ignored directory nothing below it is asked for
   */
  ignores(path: string, isDirectory: boolean): boolean {
    return this.#rules.some(({ glob, negated, directoryOnly, wholePath }) => {
      const matches =
        (!directoryOnly || isDirectory) && glob(wholePath ? path : path.slice(path.lastIndexOf("/") + 1));
      return matches !== negated;
    });
  }
}

function parseRule(line: string, number: number): Rule | undefined {
  if (line === "" || line.startsWith("#")) return undefined;
  const refuse = (why: string) =>
    new ChartroomError("invalid", `Cannot read .helmignore: line ${number}, "${line}": ${why}`);
  if (line.includes("**")) throw refuse("Helm has no double star");
  const negated = line.startsWith("!");
  const directoryOnly = line.endsWith("/");
  const pattern = line.slice(negated ? 1 : 0, directoryOnly ? -1 : undefined);
  const glob = parseGlob(pattern.replace(/^\//, ""));
  if (glob === undefined) throw refuse("the pattern does not parse");
  return { glob, negated, directoryOnly, wholePath: pattern.includes("/") };
}
