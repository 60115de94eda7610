import type { Asked, Notifications } from "../notify/notifications.ts";
import {
  type Access,
  type Authenticator,
  authenticatorFor,
  everyoneMay,
  usersMay,
} from "../registry/access.ts";
import { RegistryError } from "../registry/errors.ts";
import type { Registry } from "../registry/registry.ts";
import { admit } from "./admission.ts";
import { answer } from "./answer.ts";
import { Bodies } from "./bodies.ts";
import { incoming, isSmall, outgoing, readBody, readSmall } from "./body.ts";
import type { Call } from "./call.ts";
import type { Front } from "./front.ts";
import type { Limits } from "./limits.ts";
import type { Peer } from "./listener.ts";
import { isUpload, type Metrics } from "./metrics.ts";
import { operate } from "./operate.ts";
import { limitPage } from "./paging.ts";
import { allowedReadOnly } from "./readOnly.ts";
import { parseRoute, type Route } from "./route.ts";
import { parseTarget } from "./target.ts";
import { errorAnswer } from "./v2/errors.ts";
import { Wholes } from "./wholes.ts";

/** What requests are answered by. */
export interface ResponderOptions {
  readonly registry: Registry;
  /** Who may enter; everyone where there is none. */
  readonly authenticator?: Authenticator | undefined;
  /** Who may do what; where it is not said, whoever may enter may everything. */
  readonly access?: Access | undefined;
  /** The path below which everything answers, as `/team`; the server's root where it is empty. */
  readonly root?: string | undefined;
  /** Of this program, for whoever asks. */
  readonly version?: string | undefined;
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

/** What becomes known of a request while it is answered. */
export interface Progress {
  /** Tells it from others in the log. */
  readonly id: string;
  /** The client's; undefined for a socket's. */
  readonly address: string | undefined;
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

/**
 * Answers a request. What it throws is for `errorAnswer`.
 * @param finished is called with the bytes that went out, when an answer that streams is through
 */
export type Responder = (
  request: Request,
  peer: Peer,
  progress: Progress,
  finished: (size: number) => void,
) => Promise<Response>;

const usualStall = 60_000;
/** A client takes something within this time, in ms, or its download is cut: kernels buffer minutes of a slow one. */
const downloadStall = 15 * 60_000;

/** The way of a request: parse, limit, admit, operate. */
export function responder(options: ResponderOptions, front: Front): Responder {
  const { authenticator, limits, metrics, notifications, pages, readOnly = false, root = "" } = options;
  const access = options.access ?? (authenticator === undefined ? everyoneMay : usersMay);
  const callOf = callMaker({ ...options, access, root });
  return async (request, peer, progress, finished) => {
    const { address } = progress;
    limits?.fromAddress(address);
    // RFC 9112 §3.2: whoever stands in front may have gone by the other one. Bun joins them; no host has a comma.
    if (request.headers.get("host")?.includes(","))
      throw new RegistryError("parameterInvalid", { message: "the request has more than one Host" });
    const { path, query } = parseTarget(request.url);
    if (front.isPreflight(request)) return answer(204);
    if (front.isForeign(request, peer.address))
      throw new RegistryError("denied", { message: "a page of another site may change nothing here" });
    const route = parseRoute(request.method, path, root);
    progress.route = route;
    const doors = { authenticator: authenticator && authenticatorFor(authenticator, address), access };
    const { user, challenge, refusal } = await admit(doors, route, request.headers.get("authorization"));
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
    if (metrics !== undefined && isUpload(route.op)) progress.through.push(metrics.uploads());
    const call = callOf({ request, query, user, challenge }, peer, progress, finished);
    const work = () => operate(call, route);
    if (notifications === undefined) return work();
    const base = front.origin(request, peer.address) + root;
    return notifications.during(askedOf(request, base, progress), work);
  };
}

/** Makes calls, which share the room that there is for bodies and answers in memory. */
function callMaker({
  registry,
  version = "",
  root,
  access,
  notifications,
  stall = usualStall,
}: ResponderOptions & Pick<Call, "access" | "root">) {
  const wholes = new Wholes();
  const bodies = new Bodies(() => performance.now());
  return (
    asked: Pick<Call, "request" | "query" | "user" | "challenge">,
    peer: Peer,
    progress: Progress,
    finished: (size: number) => void,
  ): Call => {
    const incomingBody = asked.request.body;
    const body = () => {
      if (incomingBody === null) return undefined;
      peer.untime();
      return incoming(incomingBody, stall, (size) => {
        progress.received += size ?? 0;
        progress.unread = size !== undefined;
      });
    };
    return {
      ...asked,
      registry,
      version,
      root,
      access,
      notifications,
      body,
      read: async (limit) => {
        const held = bodies.begin();
        progress.through.push(held.free);
        const { request } = asked;
        if (!isSmall(request, limit)) return readBody(body(), limit, held.take);
        const bytes = await readSmall(request, stall);
        held.take(bytes.byteLength);
        progress.received = bytes.byteLength;
        progress.unread = false;
        return bytes;
      },
      holds: (size) => wholes.take(size, peer.isThrough),
      sending: (stream) => {
        peer.untime();
        progress.streaming = true;
        return outgoing(stream, downloadStall, finished);
      },
    };
  };
}

/** A request as events tell it. */
const askedOf = (
  { method, headers }: Request,
  base: string,
  { id, user, address: addr }: Progress,
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
