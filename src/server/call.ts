import type { Notifications } from "../notify/notifications.ts";
import type { Access, Caller } from "../registry/access.ts";
import type { SmallBody } from "../registry/chunk.ts";
import type { Registry } from "../registry/registry.ts";
import type { Admission } from "./admission.ts";
import type { Bodies } from "./bodies.ts";
import { incoming, isSmall, outgoing, readBody, readSmall } from "./body.ts";
import type { Exchange } from "./exchange.ts";
import type { Wholes } from "./wholes.ts";

type Bytes = ReadableStream<Uint8Array>;

/** What all calls of a server share. */
export interface Shared {
  readonly registry: Registry;
  /** Of this program. */
  readonly version: string;
  /** What stands in front of `/v2/` in the paths that the client sees. */
  readonly root: string;
  /** Is told of pulls, where somebody wants to know. */
  readonly notifications: Notifications | undefined;
  /** Who may do what: it let the request in, and says what else the caller may see. */
  readonly access: Access;
  /** The room for bodies in memory, */
  readonly bodies: Bodies;
  /** and for answers. */
  readonly wholes: Wholes;
  /** How long an upload may bring nothing, in ms. */
  readonly stall: number;
}

/** A client takes something within this time, in ms, or its download is cut: kernels buffer minutes of a slow one. */
const downloadStall = 15 * 60_000;

/** In bytes; most charts have less. */
const smallBlob = 64 * 1024;

/** A request that was let in, as the operations see it. */
export class Call {
  readonly registry: Registry;
  readonly version: string;
  readonly root: string;
  readonly notifications: Notifications | undefined;
  readonly access: Access;
  readonly request: Request;
  readonly user: Caller;
  /** The challenge to the caller where a login could show or allow more. */
  readonly challenge: string | undefined;
  readonly #shared: Shared;
  readonly #exchange: Exchange;
  #query: URLSearchParams | undefined;

  constructor(shared: Shared, exchange: Exchange, { user, challenge }: Admission) {
    this.registry = shared.registry;
    this.version = shared.version;
    this.root = shared.root;
    this.notifications = shared.notifications;
    this.access = shared.access;
    this.request = exchange.request;
    this.user = user;
    this.challenge = challenge;
    this.#shared = shared;
    this.#exchange = exchange;
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.#exchange.target.query);
    return this.#query;
  }

  /** The request's body, watched; undefined when there is none. To be asked for once. */
  body(): Bytes | undefined {
    const { body } = this.request;
    if (body === null) return undefined;
    const exchange = this.#exchange;
    exchange.peer.untime();
    return incoming(body, this.#shared.stall, (size) => {
      exchange.received += size ?? 0;
      exchange.unread = size !== undefined;
    });
  }

  /**
   * The whole of it, in memory.
   * @throws RegistryError `manifestTooLarge` when it is longer than `limit` bytes; `uploadsTooMany` when memory holds enough
   */
  async read(limit: number): Promise<Uint8Array> {
    const exchange = this.#exchange;
    const { bodies, stall } = this.#shared;
    const held = bodies.begin();
    exchange.through.push(held.free);
    if (!isSmall(this.request, limit)) return readBody(this.body(), limit, held.take);
    const bytes = await readSmall(this.request, stall);
    held.take(bytes.byteLength);
    exchange.received = bytes.byteLength;
    exchange.unread = false;
    return bytes;
  }

  /** A body that says that it is small, to be read as a whole; undefined of any other. Its `read` throws as ours does. */
  small(): SmallBody | undefined {
    const size = Number(this.request.headers.get("content-length") ?? Number.NaN);
    return size <= smallBlob ? { size, read: () => this.read(size) } : undefined;
  }

  /** Whether an answer of so many bytes may be held in memory as a whole; if not, it is to be sent as a stream. */
  holds(size: number): boolean {
    const { peer } = this.#exchange;
    return this.#shared.wholes.take(size, () => peer.isThrough());
  }

  /** A long answer's body, watched and counted. */
  sending(stream: Bytes): Bytes {
    const exchange = this.#exchange;
    exchange.peer.untime();
    exchange.streaming = true;
    return outgoing(stream, downloadStall, (size) => exchange.end(size));
  }
}
