import type { StoredEvent } from "../catalog.ts";
import type { Executors } from "../command.ts";
import { eventLimit } from "../telling.ts";

/** Events and who has had them, in memory. */
export interface EventMemory {
  events: StoredEvent[];
  /** The number of the last event that each endpoint has had, by its name. */
  readonly endpoints: Map<string, number>;
}

/** Number events on from the last one, and let go of the oldest above the limit. */
export function appendEvents(memory: EventMemory, bodies: readonly string[]): void {
  for (const body of bodies) memory.events.push({ number: lastOf(memory) + 1, body });
  memory.events = memory.events.slice(-eventLimit);
}

/** The commands about events and who is told of them. */
export const eventExecutors: Pick<
  Executors<{ readonly told: EventMemory }>,
  "tell-events" | "open-endpoints" | "advance-endpoint"
> = {
  "tell-events": ({ told }, { events }) => {
    appendEvents(told, events);
    return { done: true };
  },

  "open-endpoints": ({ told }, { names }) => {
    const { endpoints } = told;
    for (const name of endpoints.keys()) if (!names.includes(name)) endpoints.delete(name);
    const had = names.map((name) => endpoints.get(name) ?? lastOf(told));
    for (const [at, name] of names.entries()) endpoints.set(name, had[at] ?? 0);
    forgetHad(told);
    return { done: true, had };
  },

  "advance-endpoint": ({ told }, { name, event }) => {
    const had = told.endpoints.get(name);
    if (had === undefined) return { done: false, why: "absent" };
    told.endpoints.set(name, Math.max(had, event));
    forgetHad(told);
    return { done: true };
  },
};

/** The newest event's number; 0 before there was any. */
const lastOf = ({ events }: EventMemory): number => events.at(-1)?.number ?? 0;

function forgetHad(memory: EventMemory): void {
  const [least, last] = [Math.min(...memory.endpoints.values()), lastOf(memory)];
  memory.events = memory.events.filter(({ number }) => number > least || number === last);
}
