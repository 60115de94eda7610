import { type RepositoryName, tryRepositoryName } from "../../oci/reference.ts";
import type { Action } from "../../registry/access.ts";
import type { Choice } from "../../registry/classic/shelf.ts";
import type { Call } from "../call.ts";
import { NotAllowed } from "./errors.ts";

/** The charts that a caller may pull. Where everyone may pull everything that is one choice, else each user has one. */
export function choiceOf({ access, user }: Call): Choice {
  if (access.public === "all") return { name: "everything", includes: () => true };
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
