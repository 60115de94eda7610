import { BlockList, isIP } from "node:net";
import { isLoopback } from "./loopback.ts";

/** What is not reached from everywhere: private, shared, link-local and loopback networks, and "this host" (RFC 6890). */
const inner = new BlockList();
for (const [net, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
] as const) {
  inner.addSubnet(net, prefix, "ipv4");
  inner.addSubnet(`::ffff:${net}`, 96 + prefix, "ipv6");
}
inner.addSubnet("::", 127, "ipv6"); // unspecified, and loopback
inner.addSubnet("fc00::", 7, "ipv6");
inner.addSubnet("fe80::", 10, "ipv6");

/**
 * Whether a URL's hostname is an address inside of somebody's network, or means this machine. Nothing is looked up: a name
 * that happens to lead there does not count.
 */
export function isInnerAddress(hostname: string): boolean {
  if (isLoopback(hostname.replace(/\.$/, ""))) return true;
  const address = hostname.replace(/^\[|\]$/g, "");
  const family = isIP(address);
  return family !== 0 && inner.check(address, family === 6 ? "ipv6" : "ipv4");
}
