import { expect, test } from "bun:test";
import { codingFor } from "./codings.ts";

for (const [header, coding] of [
  [null, "identity"],
  ["", "identity"],
  ["identity", "identity"],
  ["*", "identity"],
  ["br", "identity"],
  ["gzip", "gzip"],
  ["GZIP", "gzip"],
  ["x-gzip", "gzip"],
  ["gzip, deflate, br, zstd", "zstd"],
  ["deflate, gzip;q=1.0, *;q=0.5", "gzip"],
  ["zstd;q=0.5, gzip", "gzip"],
  ["gzip;q=0, zstd;q=0.0", "identity"],
  ["gzip; q=0.1", "gzip"],
  ["identity, gzip;q=0.5", "identity"],
  ["gzip, identity", "gzip"],
  ["identity;q=0, gzip;q=0.1", "gzip"],
  ["gzip;q=oops", "identity"],
] as const)
  test(`Accept-Encoding ${header} gets ${coding}`, () => expect(codingFor(header)).toBe(coding));
