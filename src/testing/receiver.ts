import type { Event } from "../catalog/event.ts";

/** A request that a receiver got. */
export interface Received {
  readonly headers: Headers;
  readonly path: string;
  readonly events: readonly Event[];
}

/** Somebody who is told of events. */
export interface Receiver {
  readonly url: URL;
  /** All requests, however they were answered, in order. */
  readonly requests: readonly Received[];
  /** Events of requests that were answered with a 2xx, in order; one that came twice is there twice. */
  readonly events: readonly Event[];
  /** Wait until so many events were taken. */
  taken(count: number): Promise<void>;
  /** Wait until so many requests came. */
  asked(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** @param answer what a request is answered; `count` is 1 for the first. A 200 unless told */
export function receiver(
  answer: (count: number, request: Received) => Response | Promise<Response> = () => new Response(),
  port = 0,
): Receiver {
  const requests: Received[] = [];
  const events: Event[] = [];
  const waiting = new Set<() => void>();
  const changed = () => {
    for (const look of waiting) look();
  };
  const server = Bun.serve({
    port,
    hostname: "127.0.0.1",
    async fetch(request) {
      const body = (await request.json()) as { events: Event[] };
      const received = { headers: request.headers, path: new URL(request.url).pathname, events: body.events };
      requests.push(received);
      const count = requests.length;
      changed();
      const response = await answer(count, received);
      if (response.ok) events.push(...received.events);
      changed();
      return response;
    },
  });
  const until = (there: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!there()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return {
    url: new URL(`http://127.0.0.1:${server.port}/events`),
    requests,
    events,
    taken: (count) => until(() => events.length >= count),
    asked: (count) => until(() => requests.length >= count),
    stop: () => server.stop(true),
  };
}
