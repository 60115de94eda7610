import { ChartroomError } from "../oci/errors.ts";

/** Where a server listens. Port 0 takes a free one, the same for all addresses. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

/**
 * Listen on all of these addresses for a moment, to refuse what cannot be served before anything is made for it.
 * @throws ChartroomError as `startServer`
 */
export async function checkAddresses(addresses: readonly Address[]): Promise<void> {
  const starting = () => new Response(null, { status: 503 });
  const servers = await listenAll(addresses, (address) =>
    Bun.serve({ ...address, reusePort: false, development: false, fetch: starting }),
  );
  await Promise.all(servers.map((server) => server.stop(true)));
}

/** One of Bun's servers. */
export type Listening = ReturnType<typeof Bun.serve>;

/** A server on each address, all on one port where that is free to choose; on none of them when one is refused. */
export async function listenAll(
  addresses: readonly Address[],
  listen: (address: Address) => Listening,
): Promise<Listening[]> {
  const servers: Listening[] = [];
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
    return servers;
  } catch (error) {
    await Promise.all(servers.map((server) => server.stop(true)));
    throw error;
  }
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
