import type { Digest } from "../oci/digest.ts";
import type { RepositoryName, Tag } from "../oci/reference.ts";
import { type Command, type Executors, execute, type Outcome } from "./command.ts";
import { eventsOf, isTold } from "./event.ts";

/**
 * So many events are kept for endpoints that are behind; then the oldest goes. Some 80 MB where receivers are away for long:
 * nobody's disk is filled by somebody else's fault.
 */
export const eventLimit = 100_000;

/** Where an implementation keeps events. */
export interface EventRows<Rows> {
  /** The tags that name a manifest, in ASCII order. */
  tagsOf(rows: Rows, repository: RepositoryName, digest: Digest): readonly Tag[];
  /** Number events on from the last one, and let go of the oldest above `eventLimit`. */
  append(rows: Rows, events: readonly string[]): void;
}

/**
 * Run a command, and write what is to be told of it beside what it did: in one transaction, so that there is never one
 * without the other. What `executors` throw goes through.
 */
export function executeTelling<Rows, C extends Command>(
  executors: Executors<Rows>,
  events: EventRows<Rows>,
  rows: Rows,
  command: C,
): Outcome<C> {
  if (!isTold(command)) return execute(executors, rows, command);
  const { repository } = command;
  const tags = command.kind === "delete-manifest" ? events.tagsOf(rows, repository, command.digest) : [];
  const outcome = execute<Rows, C>(executors, rows, command);
  const size = "size" in outcome ? outcome.size : 0;
  if (outcome.done)
    events.append(
      rows,
      eventsOf(command, size, tags).map((event) => JSON.stringify(event)),
    );
  return outcome;
}
