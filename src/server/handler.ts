import { edenGC } from "bun:jsc";
import { ChartroomError } from "../oci/errors.ts";
import { type Eventual, orElse, whenThere } from "../oci/eventual.ts";
import { UpstreamFailed } from "../registry/mirror/failure.ts";
import { answer } from "./answer.ts";
import { asMuseum } from "./classic/errors.ts";
import { contextPath } from "./classic/route.ts";
import { Exchange, type Reception } from "./exchange.ts";
import { Front } from "./front.ts";
import type { Peer } from "./listener.ts";
import type { Log } from "./log.ts";
import { type ResponderOptions, responder } from "./respond.ts";
import { errorAnswer } from "./v2/errors.ts";

/** What a handler works with. */
export interface HandlerOptions extends ResponderOptions {
  readonly log: Log;
  /** Now, ms since 1970. */
  readonly now: () => number;
  /** How the server looks from outside; as it is, where it is not said. */
  readonly front?: Front | undefined;
}

export type Handler = (request: Request, peer: Peer) => Eventual<Response>;

/** So many bytes of a refused body are read and dropped, so that the connection lives on; a larger one is cut off. */
const swallowLimit = 1024 * 1024;
/** What nginx calls a client that went away before its answer: nobody sees it but the log. */
const clientGone = 499;

/**
 * What is young is collected after so many requests: the runtime would wait until 8 MiB of it lie about, some 2,500 small ones. It takes
 * 0.6 ms where no collection is under way, and what comes after finds more of its memory in the processor's caches: a small GET takes what
 * it took, and its peak is 5 MiB lower (docs/performance.md).
 */
const sweepAfter = 500;

const plainFront = new Front({ base: undefined, absolute: false, headers: [], trusted: [] });

/** The one way in: whatever happens to a request is an answer, dressed for the outside, logged and counted. It never throws. */
export function createHandler(options: HandlerOptions): Handler {
  const { log, now, metrics, front = plainFront, root = "" } = options;
  const respond = responder(options, front);
  const classic = `${root}${contextPath}/`;
  const reception: Reception = {
    front,
    run: crypto.randomUUID().slice(0, 8),
    ended(exchange) {
      log.request(exchange);
      metrics?.ended(exchange);
    },
  };
  let count = 0;
  return (request, peer) => {
    const exchange = new Exchange(request, peer, reception, ++count, now());
    if (count % sweepAfter === 0) edenGC();
    log.began(exchange);
    metrics?.began();
    const responded = orElse(
      () => respond(exchange),
      (error) => failed(exchange, error),
    );
    return whenThere(responded, (response) => {
      if (response.status < 400 || !exchange.path.startsWith(classic)) return dressed(exchange, response);
      return asMuseum(response).then((told) => dressed(exchange, told));
    });
  };

  function failed({ request, at }: Exchange, error: unknown): Response {
    const response = request.signal.aborted ? answer(clientGone) : errorAnswer(error);
    // What upstreams fail with is told where they are asked; that too much is asked for is no fault of ours.
    const isTold = error instanceof UpstreamFailed;
    const isBusy = error instanceof ChartroomError && error.code === "busy";
    if (response.status >= 500 && !isTold && !isBusy) log.fault(at, error);
    return response;
  }

  /** The answer with what all have, told to log and metrics unless its body says itself when it is through. */
  function dressed(exchange: Exchange, response: Response): Response {
    const { request, peer } = exchange;
    const { status, headers } = response;
    exchange.status = status;
    exchange.answered = headers;
    headers.set("docker-distribution-api-version", "registry/2.0");
    headers.set("x-content-type-options", "nosniff");
    front.dress(headers, request, peer);
    if (exchange.unread && status >= 400 && isLarge(request)) headers.set("connection", "close");
    const isHead = request.method === "HEAD";
    // Its length says how large a body is: to ask for the body itself makes a stream of it, which took a third of a small answer.
    if (!exchange.streaming) exchange.end(isHead ? 0 : Number(headers.get("content-length")));
    return isHead ? new Response(null, response) : response;
  }
}

/** Whether a body is too large to be read for nothing; one that does not say its size may be. */
const isLarge = ({ headers }: Request): boolean => {
  const length = headers.get("content-length");
  return length === null || Number(length) > swallowLimit;
};
