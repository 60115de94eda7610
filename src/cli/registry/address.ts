import { networkInterfaces } from "node:os";
import { isLoopback } from "../../http/loopback.ts";
import { ChartroomError } from "../../oci/errors.ts";
import type { Address } from "../../server/listen.ts";
import type { ConfigReader } from "./config/reader.ts";

/** A name or an address and a port. */
export interface ListenAddress {
  /** Without brackets; empty for every interface. */
  readonly host: string;
  readonly port: number;
}

/** Where to listen: an address, or the path of a socket. */
export type Listening = ListenAddress | { readonly socket: string };

/** A flag's address over the configuration's `http.addr` and `http.net` over the default. @throws ChartroomError `usage` */
export function listeningOf(
  flag: string | undefined,
  config: ConfigReader,
  otherwise: string,
  absolute: (path: string) => string,
): Listening {
  const said = config.text("http.addr");
  const net = config.word("http.net", ["tcp", "unix"]);
  if (flag) return parseListenAddress(flag);
  if (net !== "unix") return parseListenAddress(said ?? otherwise);
  if (said === undefined) throw config.refuse("http.addr", "the path of a socket");
  return { socket: absolute(said) };
}

/**
 * `HOST:PORT`, or `:PORT` for every interface; an IPv6 address stands in brackets. Port 0 takes a free one.
 * @throws ChartroomError `usage`
 */
export function parseListenAddress(text: string): ListenAddress {
  const [, bracketed, plain = "", digits = ""] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([a-zA-Z0-9._-]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits !== "" && port <= 65535) return { host: bracketed ?? plain, port };
  throw new ChartroomError("usage", `Cannot listen on "${text}": expected HOST:PORT`, {
    hint: "For example localhost:5000, or :5000 for every interface.",
  });
}

/** Addresses to bind. `localhost` is both of its addresses: which one a client takes is the client's affair. */
export function addressesOf(listening: Listening): Address[] {
  if ("socket" in listening) return [listening];
  const { host, port } = listening;
  if (host === "localhost") return ["127.0.0.1", "::1"].map((hostname) => ({ hostname, port }));
  if (host !== "") return [{ hostname: host, port }];
  // `::` takes IPv4 too (measured), but a machine without IPv6 does not have it.
  const ipv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ family }) => family === "IPv6"));
  return [{ hostname: ipv6 ? "::" : "0.0.0.0", port }];
}

/** Whether only this machine can come in. */
export const isLocal = (listening: Listening): boolean =>
  "socket" in listening || (listening.host !== "" && isLoopback(listening.host));
