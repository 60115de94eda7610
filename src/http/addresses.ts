import type { BlockList } from "node:net";
import { isLoopback } from "./loopback.ts";

type Net = typeof import("node:net");

/**
 * What is not reached from everywhere: private, shared, link-local, benchmarking and loopback networks, and "this host" (RFC
 * 6890), in IPv4, in IPv6, and as a translator to IPv4 is asked for them (RFC 6052).
 */
function innerNetworks(net: Net): BlockList {
  const inner = new net.BlockList();
  for (const [address, prefix] of [
    ["0.0.0.0", 8],
    ["10.0.0.0", 8],
    ["100.64.0.0", 10],
    ["127.0.0.0", 8],
    ["169.254.0.0", 16],
    ["172.16.0.0", 12],
    ["192.0.0.0", 24],
    ["192.168.0.0", 16],
    ["198.18.0.0", 15],
  ] as const) {
    inner.addSubnet(address, prefix, "ipv4");
    inner.addSubnet(`::ffff:${address}`, 96 + prefix, "ipv6");
    inner.addSubnet(`64:ff9b::${address}`, 96 + prefix, "ipv6");
  }
  inner.addSubnet("::", 127, "ipv6"); // unspecified, and loopback
  inner.addSubnet("fc00::", 7, "ipv6");
  inner.addSubnet("fe80::", 10, "ipv6");
  inner.addSubnet("fec0::", 10, "ipv6"); // site-local, deprecated by RFC 3879 and in use
  return inner;
}

/**
 * Whether a URL's hostname is an address inside of somebody's network, or means this machine, as every name below
 * `localhost` does (RFC 6761 §6.3). Nothing is looked up: a name that happens to lead there does not count.
 */
export function isInnerAddress(hostname: string): boolean {
  const host = hostname.replace(/\.$/, "");
  if (isLoopback(host) || host.endsWith(".localhost")) return true;
  // Loaded when it is asked, of token servers alone: node's module takes 2 ms, a tenth of a pull's work.
  const net = process.getBuiltinModule("node:net");
  const address = hostname.replace(/^\[|\]$/g, "");
  const family = net.isIP(address);
  return family !== 0 && innerNetworks(net).check(address, family === 6 ? "ipv6" : "ipv4");
}
