/** As node's: 4 or 6 for an address, else 0. Asked late, since node's module brings its streams along, 4 MiB of memory. */
export const isIP = (text: string): number =>
  /^[\da-f]*[.:]/i.test(text) ? process.getBuiltinModule("node:net").isIP(text) : 0;

/**
 * Whose an address is: an IPv6 one is its network's of 64 bits, which one household or one server has all of (RFC 6177); an
 * IPv4 one is its own, also as a socket for both families shows it. What is no address stays as it is.
 */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=[\d.]+$)/i, "").replace(/%.*$/, "");
  if (isIP(plain) !== 6) return plain;
  const [head = "", tail] = plain.split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? 0 : tail.split(":").length + (tail.includes(".") ? 1 : 0);
  const zeros = tail === undefined ? 0 : 8 - groups.length - after;
  const all = [...groups, ...Array.from({ length: zeros }, () => "0"), ...(tail || "").split(":")];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
