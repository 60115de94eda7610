import { speedsBeside } from "./picture.ts";
import type { Result } from "./report.ts";

const [begin, end] = ["<!-- bench: written by npm run bench -->", "<!-- /bench -->"];

/**
 * A README with its table of figures made anew, between two comments.
 * @param picture the path of the picture that stands above it
 * @throws Error when the comments are not there
 */
export function withFigures(
  readme: string,
  results: readonly Result[],
  peer: string,
  picture: string,
): string {
  const [start, stop] = [readme.indexOf(begin), readme.indexOf(end)];
  if (start < 0 || stop < start) throw new Error(`README.md lacks ${begin} or ${end}`);
  const rows = speedsBeside(results, peer).map(
    ({ scenario, unit, ours, peer: theirs, ratio }) =>
      `| ${scenario} | ${ours.median} ${unit} | ${theirs?.median} ${unit} | ${ratio}× |`,
  );
  const table = [`| | Chartroom | ${peer} | |`, "|---|---|---|---|", ...rows];
  const block = `![How many times as fast as ${peer}](${picture})\n\n${table.join("\n")}`;
  return `${readme.slice(0, start + begin.length)}\n${block}\n${readme.slice(stop)}`;
}
