import type { Route } from "./route.ts";

const writes: ReadonlySet<Route["op"]> = new Set([
  "push-manifest",
  "delete-manifest",
  "delete-blob",
  "open-upload",
  "append-upload",
  "finish-upload",
  "cancel-upload",
  "post-chart",
  "post-provenance",
  "delete-version",
] as const);

/**
 * What may still be done at a route's path while the registry is read-only, for a 405's `Allow` (RFC 9110 §15.5.6; the list
 * may be empty); undefined when the route only reads.
 */
export function allowedReadOnly({ op }: Route): string | undefined {
  if (!writes.has(op)) return undefined;
  return op === "open-upload" || op === "post-provenance" ? "" : "GET, HEAD";
}
