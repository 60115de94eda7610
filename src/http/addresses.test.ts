import { expect, test } from "bun:test";
import { isInnerAddress, isOwnAddress } from "./addresses.ts";

const hostname = (host: string) => new URL(`http://${host}/`).hostname;

test.each([
  ...[
    "localhost",
    "localhost.",
    "127.0.0.1",
    "127.1",
    "0x7f000001",
    "2130706433",
    "[::1]",
    "0.0.0.0",
    "[::]",
  ],
  ...["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "169.254.169.254"],
  ...["[fe80::1]", "[fd00:ec2::254]", "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]"],
  ...["metadata.localhost", "[64:ff9b::10.0.0.1]", "[fec0::1]", "198.19.0.1", "192.0.0.8"],
])("%s is inside", (host) => {
  expect(isInnerAddress(hostname(host))).toBe(true);
});

test.each([
  "registry.example.com",
  "8.8.8.8",
  "172.32.0.1",
  "[2001:db8::1]",
  "[::ffff:8.8.8.8]",
  "[64:ff9b::8.8.8.8]",
  "notlocalhost",
  "10.example.com",
])("%s is not", (host) => {
  expect(isInnerAddress(hostname(host))).toBe(false);
});

test("metadata of clouds is each machine's own; what else is inside is not", () => {
  for (const host of ["169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "[::ffff:169.254.169.254]"])
    expect([host, isOwnAddress(hostname(host))]).toEqual([host, true]);
  for (const host of ["localhost", "127.0.0.1", "10.0.0.1", "[fd00:ec2::253]", "example.com"])
    expect([host, isOwnAddress(hostname(host))]).toEqual([host, false]);
});
