import { ChartroomError } from "../oci/errors.ts";
import type { Authenticator } from "../registry/access.ts";
import type { Registry } from "../registry/registry.ts";
import { createHandler } from "./handler.ts";
import { Log } from "./log.ts";

/** Where a server listens. Port 0 takes a free one, the same for all addresses. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

export interface ServerOptions {
  readonly registry: Registry;
  /** Who may enter; everyone where there is none. */
  readonly authenticator?: Authenticator | undefined;
  readonly addresses: readonly Address[];
  /** Certificate chain and key, PEM; plain HTTP where there is none. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Takes the log: whole lines, several at once. */
  readonly log: (text: string) => void;
  /** Now, ms since 1970. */
  readonly now: () => number;
}

/** A server that runs. */
export interface RunningServer {
  /** Where it listens, as far as the machine has these addresses. */
  readonly addresses: readonly Address[];
  /** The first of them, as a client would write it. */
  readonly url: string;
  /**
   * Take no more requests, let those under way finish for `deadline` ms, then cut them. Upload sessions keep what came.
   * Every request is through when this resolves.
   */
  stop(deadline: number): Promise<void>;
}

/**
 * Serve a registry over HTTP.
 * @throws ChartroomError `conflict` when a port is in use, `not_allowed` when the system forbids it, `network` when it
 *   cannot listen there for another reason
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { addresses, tls } = options;
  const log = new Log(options.log);
  const handle = createHandler({ ...options, log });
  const underWay = new Set<Promise<unknown>>();

  const listen = ({ hostname, port }: Address) =>
    Bun.serve({
      hostname,
      port,
      // Unsaid, it is on outside of development (Bun 1.4.5), and a second server would take the port without a word.
      reusePort: false,
      ...(tls !== undefined && { tls: { cert: tls.cert, key: tls.key } }),
      // The longest there is. It also covers who waits for an answer; bodies are watched by ourselves (body.ts).
      idleTimeout: 255,
      // Blobs have no limit; whoever reads a body into memory counts (readBody).
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      development: false,
      fetch(request, server) {
        const answered = handle(request, {
          address: server.requestIP(request)?.address,
          untime: () => server.timeout(request, 0),
        });
        underWay.add(answered);
        void answered.finally(() => underWay.delete(answered));
        return answered;
      },
    });

  const servers: ReturnType<typeof listen>[] = [];
  try {
    for (const { hostname, port } of addresses) {
      const taken = servers[0]?.port;
      const address = { hostname, port: port === 0 ? (taken ?? 0) : port };
      try {
        servers.push(listen(address));
      } catch (error) {
        // Half of localhost is enough: a machine without IPv6 has no ::1.
        const missing = codeOf(error) === "EADDRNOTAVAIL" || codeOf(error) === "EAFNOSUPPORT";
        if (!missing || servers.length === 0) throw refusal(address, error);
      }
    }
  } catch (error) {
    await Promise.all(servers.map((server) => server.stop(true)));
    throw error;
  }

  const stop = async (deadline: number) => {
    const drained = Promise.all(servers.map((server) => server.stop()));
    const late = setTimeout(() => servers.forEach((server) => void server.stop(true)), deadline);
    await drained;
    clearTimeout(late);
    await Promise.all(underWay);
    log.flush();
  };
  const [first] = servers;
  if (first === undefined) throw new ChartroomError("usage", "Cannot serve: no address is given");
  return {
    addresses: servers.map(({ hostname = "", port = 0 }) => ({ hostname, port })),
    url: first.url.origin,
    stop,
  };
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : undefined;

function refusal({ hostname, port }: Address, cause: unknown): ChartroomError {
  const where = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  switch (codeOf(cause)) {
    case "EADDRINUSE":
      return new ChartroomError("conflict", `Cannot listen on ${where}: the port is in use`, {
        hint: "Stop what listens there, or take another port with --addr. On macOS, AirPlay Receiver holds port 5000.",
        cause,
      });
    case "EACCES":
      return new ChartroomError("not_allowed", `Cannot listen on ${where}: permission denied`, {
        hint: "Ports below 1024 are for root; take another one with --addr.",
        cause,
      });
    case "EADDRNOTAVAIL":
      return new ChartroomError("network", `Cannot listen on ${where}: this machine has no such address`, {
        cause,
      });
    case "ENOENT": // Bun's word for a name that does not resolve
      return new ChartroomError("network", `Cannot listen on ${where}: no such host`, { cause });
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ChartroomError("network", `Cannot listen on ${where}: ${why}`, { cause });
}
