import { ChartroomError } from "../../oci/errors.ts";
import { limiter } from "../../oci/limiter.ts";
import { connectionOf, type GivenLogin } from "../connection.ts";
import type { Context } from "../context.ts";
import { openPlace } from "../openPlace.ts";
import { isBelow, type One, type Place, parsePlace } from "../place.ts";
import { openStore, type StoreOptions } from "../store.ts";
import type { FoundChart } from "./candidate.ts";
import { classicCharts, isClassic, openClassic } from "./classic.ts";
import { chartsIn, type Finding } from "./stored.ts";

/** What is asked of a registry at once: a list of versions is two small requests each. */
const parallel = 16;

/** The options of commands that look into a place. */
export interface FindOptions extends StoreOptions, GivenLogin {
  readonly repo?: string;
  readonly devel?: boolean;
}

/** Open a registry or a layout to look for charts; nothing is asked yet. */
export async function openFinding(place: Place, options: FindOptions, context: Context): Promise<Finding> {
  const connection = await connectionOf(options, context);
  return {
    open: openPlace(place, { ...connection, access: "pull" }, options, context),
    store: openStore(options, context),
    limit: limiter(parallel),
  };
}

/**
 * The chart of a classic repository that a name means.
 * @throws ChartroomError `not_found`
 */
export async function chartOfRepo(
  name: string,
  repo: string,
  options: FindOptions,
  context: Context,
): Promise<FoundChart> {
  const source = await openClassic(repo, await connectionOf(options, context), options, context);
  for await (const chart of classicCharts(source, name, context)) return chart;
  throw new ChartroomError("not_found", `Chart not found: ${name} is not in the index of that repository`, {
    hint: "`chartroom search --in` lists what there is.",
  });
}

/** @throws ChartroomError `usage` for a place that is no one repository */
export function parseOne(text: string): { place: Place; one: One } {
  const place = parsePlace(text);
  const { what = { repository: "" } } = place;
  if (!isBelow(what)) return { place, one: what };
  throw new ChartroomError("usage", `Cannot tell which chart of "${text}": expected a repository`, {
    hint: "`chartroom search --in` lists what is below a prefix.",
  });
}

/** All charts of a place: below a prefix, in a layout, or in a classic repository. */
export async function* chartsOf(
  text: string,
  options: FindOptions,
  context: Context,
): AsyncGenerator<FoundChart> {
  if (isClassic(text)) {
    const source = await openClassic(text, await connectionOf(options, context), options, context);
    return yield* classicCharts(source, undefined, context);
  }
  const place = parsePlace(text.endsWith("/") ? text : `${text}/`);
  yield* chartsIn(await openFinding(place, options, context), place.what ?? { prefix: "" });
}
