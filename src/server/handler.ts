import { ChartroomError } from "../oci/errors.ts";
import { UpstreamFailed } from "../registry/mirror/failure.ts";
import { answer } from "./answer.ts";
import { asMuseum } from "./classic/errors.ts";
import { contextPath } from "./classic/route.ts";
import { Front } from "./front.ts";
import type { Peer } from "./listener.ts";
import type { Log } from "./log.ts";
import { type Progress, type ResponderOptions, responder } from "./respond.ts";
import { rawTarget } from "./target.ts";
import { errorAnswer } from "./v2/errors.ts";

/** What a handler works with. */
export interface HandlerOptions extends ResponderOptions {
  readonly log: Log;
  /** Now, ms since 1970. */
  readonly now: () => number;
  /** How the server looks from outside; as it is, where it is not said. */
  readonly front?: Front | undefined;
}

export type Handler = (request: Request, peer: Peer) => Promise<Response>;

/** So many bytes of a refused body are read and dropped, so that the connection lives on; a larger one is cut off. */
const swallowLimit = 1024 * 1024;
/** What nginx calls a client that went away before its answer: nobody sees it but the log. */
const clientGone = 499;

const plainFront = new Front({ base: undefined, absolute: false, headers: [], trusted: [] });

/** The one way in: whatever happens to a request is an answer, dressed for the outside, logged and counted. It never throws. */
export function createHandler(options: HandlerOptions): Handler {
  const { log, now, metrics, front = plainFront, root = "" } = options;
  const requestId = idMaker();
  const respond = responder(options, front);
  return async (request, peer) => {
    const at = now();
    const began = performance.now();
    const address = front.client(request.headers, peer.address);
    const { path } = rawTarget(request.url);
    const progress: Progress = {
      id: requestId(),
      address,
      route: undefined,
      user: undefined,
      received: 0,
      through: [],
      unread: request.body !== null,
      streaming: false,
    };
    let status = 0;
    // What a tag named, or an upload became, is known from the answer alone.
    let told: string | null = null;
    metrics?.began();
    const finished = (size: number) => {
      for (const end of progress.through) end();
      peer.retime();
      const { id, route, user, received } = progress;
      const entry = {
        at,
        id,
        address,
        user,
        method: request.method,
        path,
        operation: route?.op,
        repository: route !== undefined && "name" in route ? route.name : undefined,
        digest: (route !== undefined && "digest" in route ? route.digest : told) ?? undefined,
        status,
        received,
        size,
        took: performance.now() - began,
        agent: request.headers.get("user-agent"),
        referrer: request.headers.get("referer"),
      };
      log.request(entry);
      metrics?.ended(entry);
    };
    let response: Response;
    try {
      response = await respond(request, peer, progress, finished);
    } catch (error) {
      response = request.signal.aborted ? answer(clientGone) : errorAnswer(error);
      // What upstreams fail with is told where they are asked; that too much is asked for is no fault of ours.
      const isTold = error instanceof UpstreamFailed;
      const isBusy = error instanceof ChartroomError && error.code === "busy";
      if (response.status >= 500 && !isTold && !isBusy) log.fault(at, error);
    }
    if (path.startsWith(`${root}${contextPath}/`)) response = await asMuseum(response);
    status = response.status;
    told = response.headers.get("docker-content-digest");
    response.headers.set("docker-distribution-api-version", "registry/2.0");
    response.headers.set("x-content-type-options", "nosniff");
    front.dress(response.headers, request, peer.address);
    if (progress.unread && status >= 400 && isLarge(request)) response.headers.set("connection", "close");
    const answered = request.method === "HEAD" ? new Response(null, response) : response;
    // Its length says how large a body is: to ask for the body itself makes a stream of it, which took a third of a small answer.
    if (!progress.streaming)
      finished(request.method === "HEAD" ? 0 : Number(response.headers.get("content-length")));
    return answered;
  };
}

/** Whether a body is too large to be read for nothing; one that does not say its size may be. */
const isLarge = ({ headers }: Request): boolean => {
  const length = headers.get("content-length");
  return length === null || Number(length) > swallowLimit;
};

/** Makes ids that tell requests apart in the logs of several runs: one random part for each, then a count. */
function idMaker(): () => string {
  const run = crypto.randomUUID().slice(0, 8);
  let count = 0;
  return () => `${run}-${++count}`;
}
