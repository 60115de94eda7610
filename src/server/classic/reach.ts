import { type RepositoryName, tryRepositoryName } from "../../oci/reference.ts";
import type { Action } from "../../registry/access.ts";
import type { Choice, Shelf } from "../../registry/classic/shelf.ts";
import type { Call } from "../call.ts";
import { NotAllowed } from "./errors.ts";

/**
 * Let through who may do something to some chart below a prefix, as far as rules tell: of nobody else is a body read, or
 * anything looked up.
 * @throws NotAllowed
 */
export function enter({ access, user }: Call, action: Action, prefix: string): void {
  if (!access.maySomewhere(user, action, prefix)) throw new NotAllowed();
}

/** No repository's name begins so. */
const nowhere = "/";

/**
 * Where a caller looks who wants to see what is below a prefix: nowhere, if no rule lets him pull anything there, since how long it takes
 * to look tells what there is.
 * @throws NotAllowed for whom a login could show more
 */
export function lookedBelow(call: Call, prefix: string): string {
  const { access, user } = call;
  if (access.public === "all" || access.maySomewhere(user, "pull", prefix)) return prefix;
  if (isAsked(call)) throw new NotAllowed();
  return nowhere;
}

const isAsked = ({ access, challenge }: Call): boolean => challenge !== undefined && access.public !== "all";

/** What a caller sees below a prefix: the charts there, and those of them that it may pull. */
export interface Seen {
  readonly shelf: Shelf;
  readonly choice: Choice;
}

/**
 * Look at what is below a prefix. Whoever sees nothing there and might log in is asked to.
 * @param isNothing whether it is nothing that was asked for
 * @throws NotAllowed
 */
export async function look(
  call: Call,
  prefix: string,
  isNothing: (seen: Seen) => boolean = ({ shelf, choice }) => shelf.charts(choice).length === 0,
): Promise<Seen> {
  const choice = choiceOf(call);
  const seen = {
    shelf: await call.registry.indexes.shelf(lookedBelow(call, prefix), choice.includes),
    choice,
  };
  if (isAsked(call) && isNothing(seen)) throw new NotAllowed();
  return seen;
}

const everything: Choice = { name: "everything", includes: () => true };

/** The charts that a caller may pull. Where everyone may pull everything that is one choice, else each user has one. */
export function choiceOf({ access, user }: Call): Choice {
  if (access.public === "all") return everything;
  const name = user === undefined ? "nobody" : `user ${user}`;
  return { name, includes: (repository) => access.may(user, "pull", repository) };
}

/**
 * A chart's repository, for something that the caller may do to it. Decided by the name alone: that there is no such
 * repository is nobody's business who may not reach it.
 * @returns undefined when the chart's name is no repository's
 * @throws NotAllowed
 */
export function reach(
  { access, user }: Call,
  action: Action,
  prefix: string,
  chart: string,
): RepositoryName | undefined {
  const repository = chart.includes("/") ? undefined : tryRepositoryName(prefix + chart);
  if (repository !== undefined && !access.may(user, action, repository)) throw new NotAllowed();
  return repository;
}
