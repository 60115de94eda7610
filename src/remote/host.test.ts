import { expect, test } from "bun:test";
import { parseRegistryHost } from "../oci/reference.ts";
import { type HostOptions, originOf } from "./host.ts";

test.each<[string, HostOptions, string]>([
  ["localhost:5000", {}, "http://localhost:5000"],
  ["localhost", {}, "http://localhost"],
  ["127.0.0.1:5000", {}, "http://127.0.0.1:5000"],
  ["127.9.9.9", {}, "http://127.9.9.9"],
  ["[::1]:5000", {}, "http://[::1]:5000"],
  ["localhost:5000", { plainHttp: false }, "https://localhost:5000"],
  ["localhost:5000", { tls: true }, "https://localhost:5000"],
  ["localhost:5000", { tls: true, plainHttp: true }, "http://localhost:5000"],
  ["registry.example.com", {}, "https://registry.example.com"],
  ["registry.example.com:80", {}, "https://registry.example.com:80"],
  ["registry.example.com:5000", { plainHttp: true }, "http://registry.example.com:5000"],
  ["10.0.0.1:5000", {}, "https://10.0.0.1:5000"],
  ["docker.io", {}, "https://registry-1.docker.io"],
  ["index.docker.io", {}, "https://registry-1.docker.io"],
])("%s with %p is %s", (host, options, origin) => {
  expect(originOf(parseRegistryHost(host), options).origin).toBe(origin);
});
