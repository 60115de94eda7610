import type { Asked, Notifications } from "../notify/notifications.ts";
import { ChartroomError } from "../oci/errors.ts";
import {
  type Access,
  type Authenticator,
  authenticatorFor,
  everyoneMay,
  usersMay,
} from "../registry/access.ts";
import { RegistryError } from "../registry/errors.ts";
import { UpstreamFailed } from "../registry/mirror/failure.ts";
import type { Registry } from "../registry/registry.ts";
import { admit } from "./admission.ts";
import { answer } from "./answer.ts";
import { Bodies } from "./bodies.ts";
import { incoming, outgoing, readBody } from "./body.ts";
import type { Call } from "./call.ts";
import { Front } from "./front.ts";
import type { Limits } from "./limits.ts";
import type { Peer } from "./listener.ts";
import type { Log } from "./log.ts";
import { isUpload, type Metrics } from "./metrics.ts";
import { operate } from "./operate.ts";
import { limitPage } from "./paging.ts";
import { allowedReadOnly } from "./readOnly.ts";
import { parseRoute, type Route } from "./route.ts";
import { parseTarget, rawTarget } from "./target.ts";
import { errorAnswer } from "./v2/errors.ts";
import { Wholes } from "./wholes.ts";

/** What a handler works with. */
export interface HandlerOptions {
  readonly registry: Registry;
  /** Who may enter; everyone where there is none. */
  readonly authenticator?: Authenticator | undefined;
  /** Who may do what; where it is not said, whoever may enter may everything. */
  readonly access?: Access | undefined;
  /** The path below which everything answers, as `/team`; the server's root where it is empty. */
  readonly root?: string | undefined;
  readonly log: Log;
  /** Of this program, for whoever asks. */
  readonly version?: string | undefined;
  /** Now, ms since 1970. */
  readonly now: () => number;
  /** How the server looks from outside; as it is, where it is not said. */
  readonly front?: Front | undefined;
  /** Only pulls, for maintenance. */
  readonly readOnly?: boolean | undefined;
  readonly pages?: PageLimits | undefined;
  readonly metrics?: Metrics | undefined;
  /** Who is turned away; nobody where there are none. */
  readonly limits?: Limits | undefined;
  /** How long an upload may bring nothing, in ms; a minute unless told. The session keeps what came. */
  readonly stall?: number | undefined;
  /** Who tells others what requests do; nobody where there is none. */
  readonly notifications?: Notifications | undefined;
}

/** Entries on one page of a list, at most. */
export interface PageLimits {
  readonly repositories: number;
  readonly tags: number;
}

export type Handler = (request: Request, peer: Peer) => Promise<Response>;

/** What becomes known of a request while it is handled. */
interface Progress {
  /** Tells it from others in the log. */
  readonly id: string;
  route: Route | undefined;
  user: string | undefined;
  /** Bytes of the request's body that were read. */
  received: number;
  /** Are called when the answer is through. */
  readonly through: (() => void)[];
  /** Whether a part of the request's body was not read yet. */
  unread: boolean;
  /** Whether the answer's body streams: it says itself when it is through. */
  streaming: boolean;
}

const usualStall = 60_000;
/** A client takes something within this time, in ms, or its download is cut: kernels buffer minutes of a slow one. */
const downloadStall = 15 * 60_000;
/** So many bytes of a refused body are read and dropped, so that the connection lives on; a larger one is cut off. */
const swallowLimit = 1024 * 1024;
/** What nginx calls a client that went away before its answer: nobody sees it but the log. */
const clientGone = 499;

const plainFront = new Front({ base: undefined, absolute: false, headers: [], trusted: [] });

/** The one way in: parse, admit, operate, log. Whatever happens there is an answer; it never throws. */
export function createHandler(options: HandlerOptions): Handler {
  const { log, now, metrics, front = plainFront } = options;
  const requestId = idMaker();
  const memory = { wholes: new Wholes(), bodies: new Bodies(() => performance.now()) };
  return async (request, peer) => {
    const [at, began] = [now(), performance.now()];
    const progress: Progress = {
      id: requestId(),
      route: undefined,
      user: undefined,
      received: 0,
      through: [],
      unread: request.body !== null,
      streaming: false,
    };
    let status = 0;
    metrics?.began();
    const finished = (size: number) => {
      for (const end of progress.through) end();
      peer.retime();
      const { id, route, user, received } = progress;
      const entry = {
        at,
        id,
        address: front.client(request.headers, peer.address),
        user,
        method: request.method,
        path: rawTarget(request.url).path,
        operation: route?.op,
        repository: route !== undefined && "name" in route ? route.name : undefined,
        digest: route !== undefined && "digest" in route ? route.digest : undefined,
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
      response = await respond(options, { front, ...memory }, request, peer, progress, finished);
    } catch (error) {
      response = request.signal.aborted ? answer(clientGone) : errorAnswer(error);
      // What upstreams fail with is told where they are asked; that too much is asked for is no fault of ours.
      const isTold = error instanceof UpstreamFailed;
      const isBusy = error instanceof ChartroomError && error.code === "busy";
      if (response.status >= 500 && !isTold && !isBusy) log.fault(at, error);
    }
    status = response.status;
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

async function respond(
  options: HandlerOptions,
  { front, wholes, bodies }: { readonly front: Front; readonly wholes: Wholes; readonly bodies: Bodies },
  request: Request,
  peer: Peer,
  progress: Progress,
  finished: (size: number) => void,
): Promise<Response> {
  const { registry, root = "", readOnly, pages, metrics, limits, notifications } = options;
  const address = front.client(request.headers, peer.address);
  const authenticator = options.authenticator && authenticatorFor(options.authenticator, address);
  limits?.fromAddress(address);
  const { path, query } = parseTarget(request.url);
  if (front.isPreflight(request)) return answer(204);
  const route = parseRoute(request.method, path, root);
  progress.route = route;
  const access = options.access ?? (authenticator === undefined ? everyoneMay : usersMay);
  const { user, challenge, refusal } = await admit(
    { authenticator, access },
    route,
    request.headers.get("authorization"),
  );
  progress.user = user;
  if (refusal !== undefined) return refusal;
  limits?.byUser(user);
  const allow = readOnly ? allowedReadOnly(route) : undefined;
  if (allow !== undefined)
    return errorAnswer(
      new RegistryError("methodUnsupported", { message: "the registry is read-only for maintenance" }),
      { allow },
    );
  if (pages !== undefined && route.op === "list-repositories") limitPage(query, pages.repositories);
  if (pages !== undefined && route.op === "list-tags") limitPage(query, pages.tags);
  if (limits !== undefined && isUpload(route.op) && request.body !== null)
    progress.through.push(limits.upload(user, address));
  progress.through.push(metrics?.uploads(route.op) ?? (() => {}));
  const call: Call = {
    registry,
    version: options.version ?? "",
    request,
    query,
    root,
    user,
    challenge,
    access,
    notifications,
    body: () => {
      if (request.body === null) return undefined;
      peer.untime();
      return incoming(request.body, options.stall ?? usualStall, (size) => {
        progress.received += size ?? 0;
        progress.unread = size !== undefined;
      });
    },
    read: (limit) => {
      const held = bodies.begin();
      progress.through.push(held.free);
      return readBody(call.body(), limit, held.take);
    },
    holds: (size) => wholes.take(size, peer.isThrough),
    sending: (stream) => {
      peer.untime();
      progress.streaming = true;
      return outgoing(stream, downloadStall, finished);
    },
  };
  const work = () => operate(call, route);
  if (notifications === undefined) return work();
  const base = front.origin(request, peer.address) + root;
  return notifications.during(askedOf(request, base, address, progress), work);
}

/** A request as events tell it. */
const askedOf = (
  { method, headers }: Request,
  base: string,
  addr: string | undefined,
  { id, user }: Progress,
): Asked => ({
  base,
  actor: user === undefined ? {} : { name: user },
  request: {
    id,
    addr,
    host: headers.get("host") ?? undefined,
    method,
    useragent: headers.get("user-agent") ?? "",
  },
});

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
