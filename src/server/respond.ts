import type { Asked, Notifications } from "../notify/notifications.ts";
import { type Eventual, whenThere } from "../oci/eventual.ts";
import { type Access, type Authenticator, everyoneMay, usersMay } from "../registry/access.ts";
import { RegistryError } from "../registry/errors.ts";
import type { Registry } from "../registry/registry.ts";
import { type Admission, admit } from "./admission.ts";
import { answer } from "./answer.ts";
import { Bodies } from "./bodies.ts";
import { Call } from "./call.ts";
import type { Exchange } from "./exchange.ts";
import type { Front } from "./front.ts";
import type { Limits } from "./limits.ts";
import { isUpload, type Metrics } from "./metrics.ts";
import { operate } from "./operate.ts";
import { limitPage } from "./paging.ts";
import { allowedReadOnly } from "./readOnly.ts";
import type { Route } from "./route.ts";
import { Routes } from "./routes.ts";
import { decodePath } from "./target.ts";
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

/** Answers a request. What it throws is for `errorAnswer`. */
export type Responder = (exchange: Exchange) => Eventual<Response>;

const usualStall = 60_000;

/** The way of a request: parse, limit, admit, operate. */
export function responder(options: ResponderOptions, front: Front): Responder {
  const { registry, authenticator, limits, metrics, notifications, pages, readOnly = false } = options;
  const { root = "", version = "", stall = usualStall } = options;
  const access = options.access ?? (authenticator === undefined ? everyoneMay : usersMay);
  const [bodies, wholes] = [new Bodies(() => performance.now()), new Wholes()];
  const doors = { authenticator, access };
  const shared = { registry, version, root, notifications, access, bodies, wholes, stall };
  const routes = new Routes(root);
  return (exchange) => {
    const { request, peer } = exchange;
    limits?.fromAddress(exchange);
    // RFC 9112 §3.2: whoever stands in front may have gone by the other one. Bun joins them; no host has a comma.
    if (request.headers.get("host")?.includes(","))
      throw new RegistryError("parameterInvalid", { message: "the request has more than one Host" });
    const path = decodePath(exchange.target.path);
    if (front.isPreflight(request)) return answer(204);
    if (front.isForeign(request, peer))
      throw new RegistryError("denied", { message: "a page of another site may change nothing here" });
    const route = routes.find(request.method, path);
    exchange.route = route;
    return whenThere(admit(doors, route, exchange), (admission) => serve(exchange, route, admission));
  };

  function serve(exchange: Exchange, route: Route, admission: Admission): Eventual<Response> {
    const { request, peer } = exchange;
    const { user, refusal } = admission;
    exchange.user = user;
    if (refusal !== undefined) return refusal;
    limits?.byUser(user);
    const allow = readOnly ? allowedReadOnly(route) : undefined;
    if (allow !== undefined)
      return errorAnswer(
        new RegistryError("methodUnsupported", { message: "the registry is read-only for maintenance" }),
        { allow },
      );
    const call = new Call(shared, exchange, admission);
    if (pages !== undefined && route.op === "list-repositories") limitPage(call.query, pages.repositories);
    if (pages !== undefined && route.op === "list-tags") limitPage(call.query, pages.tags);
    if (limits !== undefined && isUpload(route.op) && request.body !== null)
      exchange.through.push(limits.upload(user, exchange.address));
    if (metrics !== undefined && isUpload(route.op)) exchange.through.push(metrics.uploads());
    if (notifications === undefined) return operate(call, route);
    const base = front.origin(request, peer) + root;
    return notifications.during(askedOf(exchange, base), () => operate(call, route));
  }
}

/** A request as events tell it. */
const askedOf = ({ request, id, user, address: addr }: Exchange, base: string): Asked => ({
  base,
  actor: user === undefined ? {} : { name: user },
  request: {
    id,
    addr,
    host: request.headers.get("host") ?? undefined,
    method: request.method,
    useragent: request.headers.get("user-agent") ?? "",
  },
});
