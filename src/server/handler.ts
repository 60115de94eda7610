import { type Authenticator, admit } from "../registry/access.ts";
import { RegistryError } from "../registry/errors.ts";
import type { Registry } from "../registry/registry.ts";
import { answer } from "./answer.ts";
import { incoming, outgoing } from "./body.ts";
import { challenge, parseBasic } from "./credentials.ts";
import type { Log } from "./log.ts";
import { operate } from "./operate.ts";
import { parseRoute } from "./route.ts";
import { parseTarget, rawTarget } from "./target.ts";
import { errorAnswer } from "./v2/errors.ts";

/** What a handler works with. */
export interface HandlerOptions {
  readonly registry: Registry;
  /** Who may enter; everyone where there is none. */
  readonly authenticator?: Authenticator | undefined;
  /** The path below which everything answers, as `/team`; the server's root where it is empty. */
  readonly root?: string | undefined;
  readonly log: Log;
  /** Now, ms since 1970. */
  readonly now: () => number;
}

/** What the connection of a request knows and can do. */
export interface Connection {
  /** The client's address. */
  readonly address: string | undefined;
  /** Take the connection's idle timeout off this request: its body is watched here. */
  untime(): void;
}

export type Handler = (request: Request, connection: Connection) => Promise<Response>;

/** What becomes known of a request while it is handled. */
interface Progress {
  user: string | undefined;
  /** Whether a part of the request's body was not read yet. */
  unread: boolean;
  /** Whether the answer's body streams: it says itself when it is through. */
  streaming: boolean;
}

/** A client sends something within this time, in ms, or its upload is cut; the session keeps what came. */
const uploadStall = 60_000;
/** A client takes something within this time, in ms, or its download is cut: kernels buffer minutes of a slow one. */
const downloadStall = 15 * 60_000;
/** So many bytes of a refused body are read and dropped, so that the connection lives on; a larger one is cut off. */
const swallowLimit = 1024 * 1024;
/** What nginx calls a client that went away before its answer: nobody sees it but the log. */
const clientGone = 499;

/** The one way in: parse, admit, operate, log. Whatever happens there is an answer; it never throws. */
export function createHandler(options: HandlerOptions): Handler {
  const { log, now } = options;
  return async (request, connection) => {
    const [at, began] = [now(), performance.now()];
    const progress: Progress = { user: undefined, unread: request.body !== null, streaming: false };
    let status = 0;
    const finished = (size: number) =>
      log.request({
        at,
        address: connection.address,
        user: progress.user,
        method: request.method,
        path: rawTarget(request.url).path,
        status,
        size,
        took: performance.now() - began,
        agent: request.headers.get("user-agent"),
      });
    let response: Response;
    try {
      response = await respond(options, request, connection, progress, finished);
    } catch (error) {
      response = request.signal.aborted ? answer(clientGone) : errorAnswer(error);
      if (response.status >= 500) log.fault(at, error);
    }
    status = response.status;
    response.headers.set("docker-distribution-api-version", "registry/2.0");
    response.headers.set("x-content-type-options", "nosniff");
    if (progress.unread && status >= 400 && isLarge(request)) response.headers.set("connection", "close");
    const answered = request.method === "HEAD" ? new Response(null, response) : response;
    if (!progress.streaming)
      finished(answered.body === null ? 0 : Number(answered.headers.get("content-length")));
    return answered;
  };
}

async function respond(
  { registry, authenticator, root = "" }: HandlerOptions,
  request: Request,
  connection: Connection,
  progress: Progress,
  finished: (size: number) => void,
): Promise<Response> {
  const { path, query } = parseTarget(request.url);
  const route = parseRoute(request.method, path, root);
  if (authenticator !== undefined && route.op !== "welcome") {
    const admission = await admit(authenticator, parseBasic(request.headers.get("authorization")));
    if (!admission.admitted)
      return errorAnswer(new RegistryError("unauthorized"), {
        "www-authenticate": challenge(authenticator.realm),
      });
    progress.user = admission.user;
  }
  return operate(
    {
      registry,
      request,
      query,
      root,
      user: progress.user,
      body: () => {
        if (request.body === null) return undefined;
        connection.untime();
        return incoming(request.body, uploadStall, () => {
          progress.unread = false;
        });
      },
      sending: (stream) => {
        connection.untime();
        progress.streaming = true;
        return outgoing(stream, downloadStall, finished);
      },
    },
    route,
  );
}

/** Whether a body is too large to be read for nothing; one that does not say its size may be. */
const isLarge = ({ headers }: Request): boolean => {
  const length = headers.get("content-length");
  return length === null || Number(length) > swallowLimit;
};
