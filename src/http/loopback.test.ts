import { expect, test } from "bun:test";
import { isLoopback } from "./loopback.ts";

test.each(["localhost", "LOCALHOST", "127.0.0.1", "127.255.1.2", "[::1]", "::1", "[::ffff:127.0.0.1]"])(
  "%s is this machine",
  (host) => {
    expect(isLoopback(host)).toBe(true);
  },
);

test.each([
  "localhost.example",
  "126.0.0.1",
  "128.0.0.1",
  "0.0.0.0",
  "[::2]",
  "[::]",
  "127.0.0.1.example",
  "",
])("%p is not", (host) => {
  expect(isLoopback(host)).toBe(false);
});
