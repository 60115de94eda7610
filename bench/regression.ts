import type { Result } from "./report.ts";

/** A ratio that got worse by less is the machine's mood. */
const tolerance = 0.8;

/** Whether more is better of what a row measures. */
const wantsMore = ({ goal, unit }: Result): boolean =>
  goal === undefined ? unit === "/s" || unit === "MB/s" : "atLeast" in goal;

/** A line for each row whose ratio to its peer is worse than it was in the last run that was kept. */
export function regressions(before: readonly Result[], now: readonly Result[]): string[] {
  const nameOf = ({ scenario, peer }: Result) => `${scenario} beside ${peer?.name}`;
  const known = new Map(before.map((result) => [nameOf(result), result.ratio]));
  return now.flatMap((result) => {
    const was = known.get(nameOf(result));
    const is = result.ratio;
    if (was === undefined || is === undefined) return [];
    const share = wantsMore(result) ? is / was : was / is;
    return share < tolerance ? [`${nameOf(result)}: ${is}×, and was ${was}×`] : [];
  });
}
