import { lstat, unlink } from "node:fs/promises";
import { ChartroomError } from "../oci/errors.ts";
import { isIP } from "../registry/network.ts";

/** Where a server listens: an address, or the path of a socket. Port 0 takes a free one, the same for all addresses. */
export type Address = { readonly hostname: string; readonly port: number } | { readonly socket: string };

/** Where one of Bun's servers listens, as `Bun.serve` takes it. */
export const placeOf = (address: Address) =>
  "socket" in address
    ? { unix: address.socket }
    : // Unsaid, reusePort is on outside of development (Bun 1.4.5), and a second server would take the port without a word.
      { hostname: address.hostname, port: address.port, reusePort: false };

/**
 * Listen on all of these addresses for a moment, to refuse what cannot be served before anything is made for it.
 * @throws ChartroomError as `listenAll`
 */
export async function checkAddresses(addresses: readonly Address[]): Promise<void> {
  const starting = () => new Response(null, { status: 503 });
  const bound = await listenAll(addresses, (address) =>
    Bun.serve({ ...placeOf(address), development: false, fetch: starting }),
  );
  await Promise.all(bound.map(({ server }) => server.stop(true)));
}

/** One of Bun's servers. */
export type Listening = ReturnType<typeof Bun.serve>;

/** A server where it listens, the port being known. */
export interface Bound {
  readonly address: Address;
  server: Listening;
}

/**
 * A server on each address, all on one port where that is free to choose; on none of them when one is refused.
 * @throws ChartroomError `conflict` when one is in use, `not_allowed` when the system forbids it, `network` when it cannot
 *   listen there for another reason
 */
export async function listenAll(
  addresses: readonly Address[],
  listen: (address: Address) => Listening,
): Promise<Bound[]> {
  const bound: Bound[] = [];
  try {
    for (const wanted of addresses) {
      const taken = bound[0]?.server.port ?? 0;
      const address = "port" in wanted && wanted.port === 0 ? { ...wanted, port: taken } : wanted;
      if ("socket" in address) await removeStale(address.socket);
      try {
        const server = listen(address);
        bound.push({ address: "port" in address ? { ...address, port: server.port ?? 0 } : address, server });
      } catch (error) {
        // Half of localhost is enough: a machine without IPv6 has no ::1.
        const missing = codeOf(error) === "EADDRNOTAVAIL" || codeOf(error) === "EAFNOSUPPORT";
        if (!missing || bound.length === 0) throw refusalOf(address, error);
      }
    }
    return bound;
  } catch (error) {
    await Promise.all(bound.map(({ server }) => server.stop(true)));
    throw error;
  }
}

/** A socket that a killed server left is taken away; one where somebody answers, and any other file, stays. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isSocket()) return;
  const answered = await new Promise<boolean>((resolve) => {
    const socket = process
      .getBuiltinModule("node:net")
      .connect(path, () => resolve(true))
      .on("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
  if (!answered) await unlink(path);
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : undefined;

/** What the system says when it does not let us listen, in words. */
export function refusalOf(address: Address, cause: unknown): ChartroomError {
  if ("socket" in address) return socketRefusal(address.socket, cause);
  const { hostname, port } = address;
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
  }
  // Of a name that does not resolve Bun gives the code of whatever went wrong before (ENOENT, ENOTTY, …).
  if (isIP(hostname) === 0)
    return new ChartroomError("network", `Cannot listen on ${where}: no such host`, { cause });
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ChartroomError("network", `Cannot listen on ${where}: ${why}`, { cause });
}

function socketRefusal(path: string, cause: unknown): ChartroomError {
  if (codeOf(cause) === "EADDRINUSE")
    return new ChartroomError("conflict", `Cannot listen on ${path}: it is in use`, {
      hint: "Stop what listens there, or remove the file.",
      cause,
    });
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ChartroomError("network", `Cannot listen on ${path}: ${why}`, {
    hint: "Take a path in a directory that is there and that you may write.",
    cause,
  });
}
