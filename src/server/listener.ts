import { ChartroomError } from "../oci/errors.ts";
import type { Eventual } from "../oci/eventual.ts";
import { type Address, listenAll, placeOf, refusalOf } from "./listen.ts";

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
  /** Undefined for a socket's, and once the request is through, if it was not asked for before. */
  readonly address: string | undefined;
  /** Take the idle timeout off the connection, while a body moves that is watched by itself. */
  untime(): void;
  /** Whether the request's answer has been taken, or its connection is gone; for a socket's always: nobody tells. */
  isThrough(): boolean;
  /** Put it back: nobody keeps a connection for ever that he once sent a body by. */
  retime(): void;
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
const longestIdle = 255;
const idle: object = { idleTimeout: longestIdle };

/** The other end as Bun knows it. */
class RequestPeer implements Peer {
  readonly #request: Request;
  readonly #server: Bun.Server<undefined>;
  #found: { readonly address: string | undefined } | undefined;

  constructor(request: Request, server: Bun.Server<undefined>) {
    this.#request = request;
    this.#server = server;
  }

  /** Asked for by who needs it alone: a call of the system, and 0.9 µs of a small answer's 12. */
  get address(): string | undefined {
    this.#found ??= this.#server.requestIP(this.#request) ?? { address: undefined };
    return this.#found.address;
  }

  untime(): void {
    this.#server.timeout(this.#request, 0);
  }

  retime(): void {
    this.#server.timeout(this.#request, longestIdle);
  }

  isThrough(): boolean {
    // Bun forgets a request's address when it is through, its answer's last byte included (1.4.5, measured).
    return this.#server.requestIP(this.#request) === null;
  }
}

/**
 * Listen on addresses.
 * @throws ChartroomError as `listenAll`
 */
export async function listen(
  addresses: readonly Address[],
  tls: ServerTls | undefined,
  answer: (request: Request, peer: Peer) => Eventual<Response>,
): Promise<Listener> {
  const serve = (address: Address, by: ServerTls | undefined) =>
    Bun.serve({
      ...placeOf(address),
      ...(by !== undefined && { tls: tlsOf(by) }),
      ...idle,
      // Blobs have no limit; whoever reads a body into memory counts (readBody).
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      development: false,
      fetch: (request, server) => answer(request, new RequestPeer(request, server)),
    });

  const bound = await listenAll(addresses, (address) => serve(address, tls));
  const [first] = bound;
  if (first === undefined) throw new ChartroomError("usage", "Cannot serve: no address is given");
  let used = tls;
  const retired = new Set<Ending>();

  return {
    addresses: bound.map(({ address, server }) =>
      "socket" in address ? address : { ...address, hostname: server.hostname ?? address.hostname },
    ),
    url: "socket" in first.address ? `unix:${first.address.socket}` : first.server.url.origin,
    renew(fresh) {
      for (const place of bound) {
        const old = endingOf(place.server);
        retired.add(old);
        void old.through.then(() => retired.delete(old));
        try {
          place.server = serve(place.address, fresh);
        } catch (error) {
          place.server = serve(place.address, used);
          throw refusalOf(place.address, error);
        }
      }
      used = fresh;
    },
    async stop(deadline) {
      const all = [...bound.map(({ server }) => endingOf(server)), ...retired];
      const late = setTimeout(() => all.forEach(({ cut }) => void cut()), deadline);
      await Promise.all(all.map(({ through }) => through));
      clearTimeout(late);
    },
  };
}

/** A server that takes nothing more. */
interface Ending {
  readonly through: Promise<void>;
  cut(): Promise<void>;
}

const endingOf = (server: Bun.Server<undefined>): Ending => ({
  through: server.stop(),
  cut: () => server.stop(true),
});

function tlsOf({ cert, key, clientCas = [], minimum, ciphers = [] }: ServerTls): Bun.TLSOptions {
  return {
    cert,
    key,
    // Bun itself speaks nothing older than TLS 1.2 (measured).
    ...(minimum === "tls1.3" && {
      secureOptions: process.getBuiltinModule("node:crypto").constants.SSL_OP_NO_TLSv1_2,
    }),
    ...(ciphers.length > 0 && { ciphers: ciphers.join(":") }),
    ...(clientCas.length > 0 && { ca: [...clientCas], requestCert: true, rejectUnauthorized: true }),
  };
}
