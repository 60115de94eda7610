import { constants } from "node:crypto";
import { lstat, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { ChartroomError } from "../oci/errors.ts";

/** Where a server listens: an address, or the path of a socket. Port 0 takes a free one, the same for all addresses. */
export type Address = { readonly hostname: string; readonly port: number } | { readonly socket: string };

/** What TLS needs. All PEM. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  /** Whose clients are let in; everybody where there are none. */
  readonly clientCas?: readonly string[];
  readonly minimum?: "tls1.2" | "tls1.3";
  /** Suites of TLS 1.2 by OpenSSL's names; the runtime's own choice where there are none. */
  readonly ciphers?: readonly string[];
}

/** The other end of a request's connection. */
export interface Peer {
  /** Undefined for a socket's. */
  readonly address: string | undefined;
  /** Take the connection's idle timeout off this request. */
  untime(): void;
}

/** A listener that takes requests. */
export interface Listener {
  /** Where it listens, as far as the machine has these addresses. */
  readonly addresses: readonly Address[];
  /** The first of them, as a client would write it. */
  readonly url: string;
  /**
   * Serve new connections by another certificate; those that are there go on by the old one until they end. Between the
   * two nobody listens for a moment: of 16 clients that did nothing but connect, one or two were cut at each of 100
   * changes, and likewise two with a second listener on a shared port, which anyone else could share too (Bun 1.4.5).
   * @throws ChartroomError as `listen`, and serves by the old one
   */
  renew(tls: ServerTls): void;
  /** Take no more connections; resolves when requests under way are through, which are cut after `deadline` ms. */
  stop(deadline: number): Promise<void>;
}

/**
 * In seconds, the longest there is. It also covers who waits for an answer; bodies are watched by ourselves (body.ts). Held
 * for sockets too, though Bun's types do not know (measured: without it a handler of 13 s was cut after 12).
 */
const longestIdle: object = { idleTimeout: 255 };

type Answer = (request: Request, peer: Peer) => Promise<Response>;

/**
 * Listen on addresses.
 * @throws ChartroomError `conflict` when one is in use, `not_allowed` when the system forbids it, `network` when it cannot
 *   listen there for another reason
 */
export async function listen(
  addresses: readonly Address[],
  tls: ServerTls | undefined,
  answer: Answer,
): Promise<Listener> {
  const serve = (address: Address, by: ServerTls | undefined) =>
    Bun.serve({
      ...("socket" in address
        ? { unix: address.socket }
        : // Unsaid, reusePort is on outside of development (Bun 1.4.5), and a second server would take the port without a word.
          { hostname: address.hostname, port: address.port, reusePort: false }),
      ...(by !== undefined && { tls: tlsOf(by) }),
      ...longestIdle,
      // Blobs have no limit; whoever reads a body into memory counts (readBody).
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      development: false,
      fetch: (request, server) =>
        answer(request, {
          address: server.requestIP(request)?.address,
          untime: () => server.timeout(request, 0),
        }),
    });

  let used = tls;
  const bound: { readonly address: Address; server: ReturnType<typeof serve> }[] = [];
  const retired = new Set<{ stop(force?: boolean): Promise<void>; readonly through: Promise<void> }>();
  try {
    for (const wanted of addresses) {
      const [first] = bound;
      const port = first?.server.port;
      const address =
        "port" in wanted && wanted.port === 0 && port !== undefined ? { ...wanted, port } : wanted;
      if ("socket" in address) await removeStale(address.socket);
      try {
        const server = serve(address, tls);
        bound.push({
          address: "socket" in address ? address : { ...address, port: server.port ?? 0 },
          server,
        });
      } catch (error) {
        // Half of localhost is enough: a machine without IPv6 has no ::1.
        const missing = codeOf(error) === "EADDRNOTAVAIL" || codeOf(error) === "EAFNOSUPPORT";
        if (!missing || first === undefined) throw refusal(address, error);
      }
    }
  } catch (error) {
    await Promise.all(bound.map(({ server }) => server.stop(true)));
    throw error;
  }
  const [first] = bound;
  if (first === undefined) throw new ChartroomError("usage", "Cannot serve: no address is given");

  return {
    addresses: bound.map(({ address, server }) =>
      "socket" in address ? address : { hostname: server.hostname ?? address.hostname, port: address.port },
    ),
    url: "socket" in first.address ? `unix:${first.address.socket}` : first.server.url.origin,
    renew(fresh) {
      for (const place of bound) {
        const { address, server } = place;
        const old = { stop: (force?: boolean) => server.stop(force), through: server.stop() };
        retired.add(old);
        void old.through.then(() => retired.delete(old));
        try {
          place.server = serve(address, fresh);
        } catch (error) {
          place.server = serve(address, used);
          throw refusal(address, error);
        }
      }
      used = fresh;
    },
    async stop(deadline) {
      const all = [
        ...bound.map(({ server }) => ({
          stop: (force?: boolean) => server.stop(force),
          through: server.stop(),
        })),
        ...retired,
      ];
      const late = setTimeout(() => all.forEach(({ stop }) => void stop(true)), deadline);
      await Promise.all(all.map(({ through }) => through));
      clearTimeout(late);
    },
  };
}

function tlsOf({ cert, key, clientCas = [], minimum, ciphers = [] }: ServerTls): Bun.TLSOptions {
  return {
    cert,
    key,
    // Bun itself speaks nothing older than TLS 1.2 (measured).
    ...(minimum === "tls1.3" && { secureOptions: constants.SSL_OP_NO_TLSv1_2 }),
    ...(ciphers.length > 0 && { ciphers: ciphers.join(":") }),
    ...(clientCas.length > 0 && { ca: [...clientCas], requestCert: true, rejectUnauthorized: true }),
  };
}

/** A socket that a killed server left is taken away; one where somebody answers, and any other file, stays. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isSocket()) return;
  const answered = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => resolve(true)).on("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
  if (!answered) await unlink(path);
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : undefined;

function refusal(address: Address, cause: unknown): ChartroomError {
  const isSocket = "socket" in address;
  const where = isSocket
    ? address.socket
    : `${address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname}:${address.port}`;
  switch (codeOf(cause)) {
    case "EADDRINUSE":
      return new ChartroomError(
        "conflict",
        `Cannot listen on ${where}: the ${isSocket ? "path" : "port"} is in use`,
        {
          hint: isSocket
            ? "Stop what listens there, or remove the file."
            : "Stop what listens there, or take another port with --addr. On macOS, AirPlay Receiver holds port 5000.",
          cause,
        },
      );
    case "EACCES":
      return new ChartroomError("not_allowed", `Cannot listen on ${where}: permission denied`, {
        hint: isSocket
          ? "Take a path in a directory that you may write."
          : "Ports below 1024 are for root; take another one with --addr.",
        cause,
      });
    case "EADDRNOTAVAIL":
      return new ChartroomError("network", `Cannot listen on ${where}: this machine has no such address`, {
        cause,
      });
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ChartroomError("network", `Cannot listen on ${where}: ${why}`, { cause });
}
