import { ChartroomError } from "../oci/errors.ts";
import type { Authenticator } from "../registry/access.ts";
import type { Registry } from "../registry/registry.ts";
import { createHandler } from "./handler.ts";
import { type Address, listenAll } from "./listen.ts";
import { Log } from "./log.ts";

export interface ServerOptions {
  readonly registry: Registry;
  /** Who may enter; everyone where there is none. */
  readonly authenticator?: Authenticator | undefined;
  /** The path below which everything answers, as `/team`; the server's root where it is empty. */
  readonly root?: string | undefined;
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

  const servers = await listenAll(addresses, listen);
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
