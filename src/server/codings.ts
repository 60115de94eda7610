import type { Coding } from "../registry/classic/document.ts";

/** What we like best first. */
const liked = ["zstd", "gzip"] as const;
/** What we can send, by its names. */
const known: ReadonlyMap<string, Coding> = new Map([
  ["zstd", "zstd"],
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["identity", "identity"],
]);

/**
 * The coding that an Accept-Encoding header wants most (RFC 9110 §12.5.3); of those that it wants as much, ours. Without the
 * header, and for what it says with `*` alone, nothing is coded.
 */
export function codingFor(header: string | null): Coding {
  if (header === null) return "identity";
  const wanted = header.split(",").flatMap((each) => {
    const [, name = "", weight = "1"] = /^\s*([^\s;]+)\s*(?:;\s*q=([\d.]+)\s*)?$/i.exec(each) ?? [];
    const coding = known.get(name.toLowerCase());
    return coding === undefined || !(Number(weight) > 0) ? [] : [{ coding, weight: Number(weight) }];
  });
  const most = Math.max(...wanted.map(({ weight }) => weight));
  const best = wanted.filter(({ weight }) => weight === most).map(({ coding }) => coding);
  return liked.find((coding) => best.includes(coding)) ?? "identity";
}
