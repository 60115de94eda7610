import { setTimeout as sleepFor } from "node:timers/promises";
import type { Catalog, StoredEvent } from "../catalog/catalog.ts";
import type { Event } from "../catalog/event.ts";
import { eventLimit } from "../catalog/telling.ts";
import { backOff } from "../http/retry.ts";
import { Transport } from "../http/transport.ts";
import { type Endpoint, wants } from "./endpoint.ts";

/** What becomes of events, and of requests that failed. */
export interface Counts {
  /** It was to be told of them. */
  events: number;
  successes: number;
  /** Events in requests that were answered with no 2xx, */
  failures: number;
  /** and in requests that had no answer. */
  errors: number;
  /** Not told, since it was behind by more than is kept. */
  dropped: number;
  /** Events by what their request was answered, as `200`. */
  readonly statuses: Map<number, number>;
}

export interface SenderOptions {
  readonly catalog: Catalog;
  /** `chartroom/<version>` */
  readonly userAgent: string;
  readonly say: (level: "info" | "warn", message: string) => void;
}

/** In one request: events, at most, */
const most = 100;
/** and characters, unless a single event is longer. */
const room = 256 * 1024;

/** Distribution 3's; an endpoint that goes by 2.8's name says so in its headers. */
const mediaType = "application/vnd.docker.distribution.events.v2+json";

/**
 * Tells one endpoint what happened, in order, each request until it is answered with a 2xx: at least once, since a crash may
 * come between the answer and the note of it. Where it is stands in the catalog. No other endpoint waits for it, and no push.
 */
export class Sender {
  readonly endpoint: Endpoint;
  readonly counts: Counts = {
    events: 0,
    successes: 0,
    failures: 0,
    errors: 0,
    dropped: 0,
    statuses: new Map(),
  };
  readonly #options: SenderOptions;
  readonly #transport: Transport;
  readonly #stop = new AbortController();
  #had = 0;
  #bell = Promise.withResolvers<void>();
  #running: Promise<void> = Promise.resolve();

  constructor(endpoint: Endpoint, options: SenderOptions) {
    const { timeout } = endpoint;
    this.endpoint = endpoint;
    this.#options = options;
    this.#transport = new Transport({
      userAgent: options.userAgent,
      timeouts: { answer: timeout, stall: timeout, settle: timeout },
      signal: this.#stop.signal,
    });
  }

  /** The number of the last event that the endpoint has had. */
  get had(): number {
    return this.#had;
  }

  /** Begin after the event that it had last. */
  start(had: number): void {
    this.#had = had;
    this.#running = this.#run();
  }

  /** There may be something new. */
  wake(): void {
    this.#bell.resolve();
  }

  /** End at once: what was not told stays in the catalog. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    let said = "";
    while (!this.#stop.signal.aborted) {
      try {
        await this.#next();
        said = "";
      } catch (error) {
        // The catalog does not answer: that is told by whoever needs it more, and here once.
        const message = `Cannot tell ${this.endpoint.name} of events: ${messageOf(error)}`;
        if (message !== said) this.#options.say("warn", message);
        said = message;
        await this.#pause(this.endpoint.backoff);
      }
    }
  }

  /** Tell the next events, or wait for them. */
  async #next(): Promise<void> {
    // Made before it is asked whether there are any: what comes meanwhile rings it.
    this.#bell = Promise.withResolvers();
    const { catalog } = this.#options;
    const events = fitting(await catalog.events(this.#had, most));
    const last = events.at(-1);
    if (last === undefined) return this.#bell.promise;
    this.#countDropped(events);
    const wanted = events.filter(({ body }) => this.#wants(JSON.parse(body)));
    this.counts.events += wanted.length;
    if (wanted.length > 0 && !(await this.#tell(wanted))) return;
    this.#had = last.number;
    const note = { kind: "advance-endpoint", name: this.endpoint.name, event: last.number } as const;
    // What could not be noted is told once more after the next start, unless a later note says so too.
    await catalog.apply(note).catch(() => {});
  }

  #pause(ms: number): Promise<unknown> {
    return sleepFor(ms, undefined, { signal: this.#stop.signal }).catch(() => {});
  }

  #wants({ action, target }: Event): boolean {
    return wants(this.endpoint, action, target.mediaType);
  }

  #countDropped([first]: readonly StoredEvent[]): void {
    const dropped = (first?.number ?? 0) - this.#had - 1;
    if (dropped <= 0) return;
    this.counts.dropped += dropped;
    const { name } = this.endpoint;
    this.#options.say(
      "warn",
      `${name} was behind by more than ${eventLimit} events: it is not told of the ${dropped} oldest`,
    );
  }

  /** Send events until they are taken; false when it was stopped before. */
  async #tell(events: readonly StoredEvent[]): Promise<boolean> {
    const { name, threshold, backoff } = this.endpoint;
    const body = new TextEncoder().encode(`{"events":[${events.map((event) => event.body).join(",")}]}`);
    for (let failures = 0; ; ) {
      const trouble = await this.#post(body, events.length);
      if (this.#stop.signal.aborted) return false;
      if (trouble === undefined) {
        if (failures >= threshold) this.#options.say("info", `${name} takes events again`);
        return true;
      }
      if (++failures === threshold)
        this.#options.say(
          "warn",
          `Cannot tell ${name} of events: ${trouble}. It is tried every ${backoff} ms`,
        );
      const wait = failures < threshold ? Math.min(backoff, backOff(failures)) : backoff;
      await this.#pause(wait);
    }
  }

  /** One request with `count` events; gives what went wrong. */
  async #post(body: Uint8Array, count: number): Promise<string | undefined> {
    const { url, headers } = this.endpoint;
    const { counts } = this;
    try {
      // To another server neither events nor headers go: whoever moved says so in the configuration.
      const answer = await this.#transport.send({
        method: "POST",
        url,
        headers: { "content-type": mediaType, ...headers },
        body,
        sameOrigin: true,
      });
      const { status } = answer;
      // Nothing in it is of interest, and it may never end.
      await answer.body.cancel();
      counts.statuses.set(status, (counts.statuses.get(status) ?? 0) + count);
      const taken = status >= 200 && status < 300;
      counts[taken ? "successes" : "failures"] += count;
      return taken ? undefined : `${url.host} answered ${status}`;
    } catch (error) {
      counts.errors += count;
      return messageOf(error);
    }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The first events, as many as fit into one request; one at least. */
function fitting(events: readonly StoredEvent[]): readonly StoredEvent[] {
  let left = room;
  const end = events.findIndex(({ body }, at) => {
    left -= body.length;
    return left < 0 && at > 0;
  });
  return end < 0 ? events : events.slice(0, end);
}
