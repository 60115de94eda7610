import type { Notifications } from "../notify/notifications.ts";
import type { Access, Caller } from "../registry/access.ts";
import type { Registry } from "../registry/registry.ts";

/** A request that was let in, as the operations see it. */
export interface Call {
  readonly registry: Registry;
  /** Of this program. */
  readonly version: string;
  readonly request: Request;
  readonly query: URLSearchParams;
  /** What stands in front of `/v2/` in the paths that the client sees. */
  readonly root: string;
  /** Is told of pulls, where somebody wants to know. */
  readonly notifications: Notifications | undefined;
  readonly user: Caller;
  /** The challenge to the caller where a login could show or allow more. */
  readonly challenge: string | undefined;
  /** Who may do what: it let the request in, and says what else the caller may see. */
  readonly access: Access;
  /** The request's body, watched; undefined when there is none. To be asked for once. */
  body(): ReadableStream<Uint8Array> | undefined;
  /**
   * The whole of it, in memory.
   * @throws RegistryError `manifestTooLarge` when it is longer than `limit` bytes; `uploadsTooMany` when memory holds enough
   */
  read(limit: number): Promise<Uint8Array>;
  /** Whether an answer of so many bytes may be held in memory as a whole; if not, it is to be sent as a stream. */
  holds(size: number): boolean;
  /** A long answer's body, watched and counted. */
  sending(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array>;
}
