import { setTimeout as sleepFor } from "node:timers/promises";
import { Answer } from "./answer.ts";
import { HttpError } from "./errors.ts";
import { exchange, type StreamBody } from "./exchange.ts";
import type { TlsOptions } from "./fetch.ts";
import { waitBeforeRetry } from "./retry.ts";
import { type TlsSettings, tlsOptions } from "./tls.ts";
import type { Trace } from "./trace.ts";
import type { Timeouts } from "./watchdog.ts";

/** A request to any server. */
export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  /** `Authorization` and `Cookie` are left out when a redirect leads to another origin. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | StreamBody;
  /**
   * Whether to send it again after a dropped connection or a passing fault. Without a word, that is so for GET, HEAD, PUT
   * and DELETE, unless the body is a stream: whoever has one knows better how to go on.
   */
  readonly repeatable?: boolean;
  /** Show no client certificate: it is for servers that the user named. After a redirect to another origin none is shown either. */
  readonly anonymous?: boolean;
  /** Follow no redirect to another origin: what is asked for, or sent, is a secret. */
  readonly sameOrigin?: boolean;
  /** Why a redirect may not lead to a URL; undefined where it may. */
  readonly refuseRedirect?: (url: URL) => string | undefined;
}

export interface TransportOptions {
  /** `chartroom/<version>`: who asks. */
  readonly userAgent: string;
  readonly tls?: TlsSettings;
  readonly timeouts?: Partial<Timeouts>;
  /** Stops every request; what they throw then is the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told every request and answer, secrets left out. */
  readonly trace?: Trace;
  /** In ms: who asks us to wait longer has its answer passed on. Five minutes, where it is not said. */
  readonly patience?: number;
  /** Told when a server has us wait for longer than a person expects: its host, and how long in ms. */
  readonly onWait?: (host: string, ms: number) => void;
  /** Why a redirect of any request may not lead to a URL; undefined where it may. */
  readonly refuseRedirect?: (url: URL) => string | undefined;
  /** Waits between tries; a parameter, so that a test need not. */
  readonly sleep?: (ms: number) => Promise<unknown>;
}

const defaultTimeouts: Timeouts = { answer: 30_000, stall: 60_000, settle: 300_000 };
const redirectLimit = 10;
/** In ms: a wait as long as this is told. */
const longWait = 5_000;
const redirects = new Set([301, 302, 303, 307, 308]);

/** The way out: whoever calls a foreign server goes through here, so that limits and care are in one place. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #timeouts: Timeouts;
  #tls: TlsOptions | undefined;
  #count = 0;
  /** Hosts that were there at some time. */
  readonly #reached = new Set<string>();

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#timeouts = { ...defaultTimeouts, ...options.timeouts };
  }

  /** The same way out, on which no redirect may lead where `refuse` says why not. */
  refusing(refuse: (url: URL) => string | undefined): Transport {
    return new Transport({ ...this.#options, refuseRedirect: refuse });
  }

  /** The same way out to what a stranger named: as `refusing`, and without the client certificate. */
  toStrangers(refuse: (url: URL) => string | undefined): Transport {
    const { cert: _, key: __, ...tls } = this.#options.tls ?? {};
    return new Transport({ ...this.#options, tls }).refusing(refuse);
  }

  /**
   * Send a request and follow its redirects, with the same method and body (but GET after a 303): a registry never means
   * that a POST becomes a GET, as browsers make of a 301 or 302.
   * @returns the answer, whatever its status
   * @throws HttpError when there is none; the signal's reason when it was stopped
   */
  async send(request: HttpRequest): Promise<Answer> {
    let next = request;
    for (let hops = 0; ; hops++) {
      const answer = await this.#sendPatiently(next);
      const location = answer.headers.get("location");
      if (!redirects.has(answer.status) || location === null) return answer;
      await answer.discard();
      if (hops === redirectLimit)
        throw new HttpError(
          "redirect",
          `Cannot reach ${request.url.host}: redirected more than ${redirectLimit} times`,
        );
      next = this.#redirected(next, answer.status, location);
    }
  }

  #redirected(request: HttpRequest, status: number, location: string): HttpRequest {
    const url = URL.parse(location, request.url);
    const refuse = (why: string, hint?: string) =>
      new HttpError(
        "redirect",
        `Cannot follow the redirect of ${request.url.host}: ${why}`,
        hint ? { hint } : {},
      );
    if (url === null || !/^https?:$/.test(url.protocol)) throw refuse("it leads to no http or https URL");
    if (request.url.protocol === "https:" && url.protocol === "http:" && !this.#options.tls?.insecure)
      throw refuse("it leads from https to http", "--insecure-skip-tls-verify follows it nevertheless.");
    if (request.sameOrigin && url.origin !== request.url.origin) throw refuse("it leads to another server");
    const refused = request.refuseRedirect?.(url) ?? this.#options.refuseRedirect?.(url);
    if (refused !== undefined) throw refuse(refused);
    const leaves = url.origin !== request.url.origin;
    const headers = Object.entries(request.headers ?? {}).filter(
      ([name]) => !leaves || !/^(authorization|cookie)$/i.test(name),
    );
    const next = {
      ...{ ...request, url, headers: Object.fromEntries(headers) },
      anonymous: request.anonymous === true || leaves,
    };
    const { body, ...rest } = next;
    return status === 303 && request.method !== "HEAD" ? { ...rest, method: "GET" } : next;
  }

  async #sendPatiently(request: HttpRequest): Promise<Answer> {
    const streams = request.body !== undefined && !(request.body instanceof Uint8Array);
    const repeatable = request.repeatable ?? (!streams && !/^(POST|PATCH)$/.test(request.method));
    for (let tries = 1; ; tries++) {
      const outcome = await this.#sendOnce(request).catch((thrown: unknown) => ({ thrown }));
      // Who is turned away for asking too often was not served: then nothing is done twice.
      const turnedAway = outcome instanceof Answer && outcome.status === 429 && !streams;
      const { host } = request.url;
      const wait =
        repeatable || turnedAway
          ? waitBeforeRetry(outcome, tries, Date.now(), this.#reached.has(host), this.#options.patience)
          : undefined;
      if (outcome instanceof Answer || wait !== undefined) this.#reached.add(host);
      if (wait === undefined) {
        if (outcome instanceof Answer) return outcome;
        throw outcome.thrown;
      }
      if (outcome instanceof Answer) await outcome.discard();
      if (wait >= longWait) this.#options.onWait?.(host, wait);
      await this.sleep(wait);
    }
  }

  /** Wait, unless the user stops it: for callers that try again by themselves. */
  async sleep(ms: number): Promise<void> {
    const { sleep, signal } = this.#options;
    if (sleep !== undefined) await sleep(ms);
    else await sleepFor(ms, undefined, signal && { signal });
    signal?.throwIfAborted();
  }

  #sendOnce({ method, url, headers, body, anonymous = false }: HttpRequest): Promise<Answer> {
    const { userAgent, signal, trace } = this.#options;
    const id = ++this.#count;
    return exchange({
      method,
      url,
      // A proxy on the way might compress nevertheless; to ask for bytes as they are is all that we can do.
      headers: new Headers({ "user-agent": userAgent, "accept-encoding": "identity", ...headers }),
      body,
      tls: url.protocol === "https:" ? this.#tlsFor(anonymous) : undefined,
      timeouts: this.#timeouts,
      signal,
      trace: trace && ((line) => trace(`${id} ${line}`)),
    });
  }

  #tlsFor(anonymous: boolean): TlsOptions {
    this.#tls ??= tlsOptions(this.#options.tls ?? {});
    const { cert: _, key: __, ...without } = this.#tls;
    return anonymous ? without : this.#tls;
  }
}
