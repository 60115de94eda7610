import { isLoopback } from "./loopback.ts";

type Network = readonly [address: string, prefix: number];

/** Where a machine finds what is its alone, a cloud's keys to it among that: link-local, and the address that one cloud took besides. */
const ownNetworks: readonly Network[] = [
  ["169.254.0.0", 16],
  ["fe80::", 10],
  ["fd00:ec2::254", 128],
];

/** What is not reached from everywhere: private, shared, link-local, benchmarking and loopback networks, and "this host" (RFC 6890). */
const innerNetworks: readonly Network[] = [
  ...ownNetworks,
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["::", 127], // unspecified, and loopback
  ["fc00::", 7],
  ["fec0::", 10], // site-local, deprecated by RFC 3879 and in use
];

/** Whether a URL's hostname is an address in one of the networks: in IPv4, in IPv6, or as a translator to IPv4 is asked (RFC 6052). */
function isIn(networks: readonly Network[], hostname: string): boolean {
  // Loaded when it is asked, of token servers alone: node's module takes 2 ms, a tenth of a pull's work.
  const net = process.getBuiltinModule("node:net");
  const address = hostname.replace(/^\[|\]$/g, "");
  const family = net.isIP(address);
  if (family === 0) return false;
  const list = new net.BlockList();
  for (const [start, prefix] of networks) {
    if (net.isIPv6(start)) list.addSubnet(start, prefix, "ipv6");
    else {
      list.addSubnet(start, prefix, "ipv4");
      list.addSubnet(`::ffff:${start}`, 96 + prefix, "ipv6");
      list.addSubnet(`64:ff9b::${start}`, 96 + prefix, "ipv6");
    }
  }
  return list.check(address, family === 6 ? "ipv6" : "ipv4");
}

/**
 * Whether a URL's hostname is an address inside of somebody's network, or means this machine, as every name below
 * `localhost` does (RFC 6761 §6.3). Nothing is looked up: a name that happens to lead there does not count.
 */
export function isInnerAddress(hostname: string): boolean {
  const host = hostname.replace(/\.$/, "");
  return isLoopback(host) || host.endsWith(".localhost") || isIn(innerNetworks, hostname);
}

/** Whether a URL's hostname is an address that means something else on each machine, as those of clouds' metadata do. */
export const isOwnAddress = (hostname: string): boolean => isIn(ownNetworks, hostname);
