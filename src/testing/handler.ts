import { MemoryBlobs } from "../blobs/memory.ts";
import type { Event } from "../catalog/event.ts";
import { MemoryCatalog } from "../catalog/memory/memory.ts";
import { Notifications, type NotificationsOptions } from "../notify/notifications.ts";
import { type RepositoryName, tryRepositoryName } from "../oci/reference.ts";
import type { Authenticator } from "../registry/access.ts";
import type { MirrorSource } from "../registry/mirror/mirror.ts";
import { Registry } from "../registry/registry.ts";
import type { RegistryRepository } from "../registry/repository.ts";
import type { Rules } from "../registry/store.ts";
import { createHandler, type HandlerOptions } from "../server/handler.ts";
import { Log, type LogOptions } from "../server/log.ts";

/** What a request may carry. */
export interface Carried {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyInit | Uint8Array;
}

export interface TestHandler {
  readonly registry: Registry;
  readonly blobs: MemoryBlobs;
  /** Ask it something, as `ask("GET /v2/")`, or with headers and a body. */
  ask(line: string, init?: Carried): Promise<Response>;
  /** A repository behind it, to fill and to look into. */
  repository(name: string): RegistryRepository;
  /** The lines it logged so far. */
  logged(): string[];
  /** What is to be told of what was asked so far, pulls last. */
  told(): Promise<Event[]>;
}

/** What a test asks of its handler beside who may enter. */
export interface TestHandlerOptions
  extends Partial<
    Pick<HandlerOptions, "access" | "root" | "front" | "readOnly" | "pages" | "metrics" | "limits" | "stall">
  > {
  readonly rules?: Rules;
  /** How it logs; as text unless told. */
  readonly logging?: LogOptions;
  /** Who is told of what happens; nobody sends it. */
  readonly notify?: Pick<NotificationsOptions, "endpoints" | "includeReferences">;
  readonly mirrors?: readonly MirrorSource[];
  /** Now, ms since 1970; a day in 2026 unless told. */
  readonly now?: () => number;
  /** The other end of the connection. */
  readonly peer?: string;
  /** Is told when the connection's idle timeout is taken off, and when it is put back. */
  readonly timed?: (on: boolean) => void;
}

/** A server's handler over memory, without a socket. */
export function testHandler(
  authenticator?: Authenticator,
  {
    rules,
    logging,
    mirrors,
    notify,
    now = () => Date.UTC(2026, 10, 24),
    peer = "192.0.2.7",
    timed = () => {},
    ...options
  }: TestHandlerOptions = {},
): TestHandler {
  const blobs = new MemoryBlobs();
  const stored = new MemoryCatalog();
  const source = { addr: "here:5000", instanceID: "run" };
  const notifications =
    notify && new Notifications(stored, { ...notify, source, userAgent: "", now, say: () => {} });
  const catalog = notifications?.catalog ?? stored;
  const registry = new Registry({ blobs, catalog, now, rules }, mirrors);
  let text = "";
  const log = new Log((lines) => {
    text += lines;
  }, logging);
  const handle = createHandler({ registry, authenticator, log, now, notifications, ...options });
  return {
    registry,
    blobs,
    async ask(line, { headers = {}, body } = {}) {
      const [method = "", target = ""] = line.split(" ", 2);
      const length = body instanceof Uint8Array ? { "content-length": `${body.byteLength}` } : {};
      const request = new Request(`http://registry.example${target}`, {
        method,
        headers: { ...length, ...headers },
        ...(body !== undefined && { body: body as BodyInit }),
      });
      return handle(request, {
        address: peer,
        untime: () => timed(false),
        retime: () => timed(true),
        isThrough: () => true,
      });
    },
    repository: (name) => registry.repository(tryRepositoryName(name) as RepositoryName),
    logged() {
      log.flush();
      return text.split("\n").slice(0, -1);
    },
    async told() {
      await notifications?.close();
      return (await stored.events(0, 1000)).map(({ body }) => JSON.parse(body));
    },
  };
}

/** The errors of an answer, as `CODE`, and that they have the shape of distribution-spec. */
export async function errorCodes(response: Response): Promise<string[]> {
  if (response.headers.get("content-type") !== "application/json") throw new Error("the answer is not JSON");
  const { errors } = (await response.json()) as { errors: { code: string; message: string }[] };
  if (errors.some(({ message }) => typeof message !== "string" || message === ""))
    throw new Error("an error without a message");
  return errors.map(({ code }) => code);
}
