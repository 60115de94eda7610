import type { ChartQuestions, ChartTag, Prefix } from "../../catalog/charts.ts";
import { everyItem } from "../pages.ts";
import { type Misplaced, placeOf } from "./placing.ts";

/** Changes asked for at once. */
const pageSize = 250;

/** Everything that is in a registry and in no index. */
export async function* misplacedCharts(catalog: ChartQuestions): AsyncGenerator<Misplaced> {
  const prefixes = everyItem<Prefix, Prefix>(
    (after) => catalog.chartPrefixes({ after, limit: pageSize }),
    (prefix) => prefix,
  );
  for await (const prefix of prefixes) {
    const tags = everyItem<ChartTag, number>(
      (after) => catalog.chartTags(prefix, { after, limit: pageSize }),
      ({ change }) => change,
    );
    for await (const { repository, tag, chart } of tags) {
      const place = placeOf({ repository, tag, chart });
      if (place.kind === "misplaced") yield { repository, tag, why: place.why };
    }
  }
}
