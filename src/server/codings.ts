import type { Coding } from "../registry/classic/document.ts";

/** What we can send, what we like best first. */
const known: ReadonlyMap<string, Coding> = new Map([
  ["zstd", "zstd"],
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
]);

/**
 * The coding that an Accept-Encoding header wants most (RFC 9110 §12.5.3); of those that it wants as much, ours. Without the
 * header, and for what it says with `*` alone, nothing is coded.
 */
export function codingFor(header: string | null): Coding {
  const wanted = (header ?? "").split(",").flatMap((each) => {
    const [, name = "", weight = "1"] = /^\s*([^\s;]+)\s*(?:;\s*q=([\d.]+)\s*)?$/i.exec(each) ?? [];
    const coding = known.get(name.toLowerCase());
    return coding === undefined || !(Number(weight) > 0) ? [] : [{ coding, weight: Number(weight) }];
  });
  const most = Math.max(...wanted.map(({ weight }) => weight));
  const best = wanted.filter(({ weight }) => weight === most).map(({ coding }) => coding);
  return best.includes("zstd") ? "zstd" : (best[0] ?? "identity");
}
