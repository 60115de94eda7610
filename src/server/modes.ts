import type { Route } from "./route.ts";

/** What a server lets be done at all, whoever asks. */
export interface Modes {
  /** Only pulls. */
  readonly readOnly: boolean;
  /** Whether tags, manifests and blobs may be deleted. */
  readonly deletes: boolean;
}

/** Operations that write. */
const writes: ReadonlySet<Route["op"]> = new Set([
  "push-manifest",
  "delete-manifest",
  "delete-blob",
  "open-upload",
  "append-upload",
  "finish-upload",
  "cancel-upload",
] as const);
const deletes: ReadonlySet<Route["op"]> = new Set(["delete-manifest", "delete-blob"] as const);

/** Why a mode keeps a route from being served, and what may be done there still; undefined when none does. */
export function closedBy(
  { readOnly, deletes: open }: Modes,
  { op }: Route,
): { message: string; allow: string } | undefined {
  if (readOnly && writes.has(op))
    return { message: "the registry is read-only for maintenance", allow: allowedOn(op, false) };
  if (!open && deletes.has(op))
    return { message: "deleting is switched off here", allow: allowedOn(op, !readOnly) };
  return undefined;
}

/** RFC 9110 §10.2.1 wants the methods that are left told with a 405; the list may be empty. */
function allowedOn(op: Route["op"], writable: boolean): string {
  if (op === "open-upload") return "";
  return writable && op === "delete-manifest" ? "GET, HEAD, PUT" : "GET, HEAD";
}
