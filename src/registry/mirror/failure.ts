import { ChartroomError, type ErrorCode } from "../../oci/errors.ts";
import { type Fault, RegistryError } from "../errors.ts";

/** How long an upstream that could not be reached is left alone, in ms, where something kept can be given instead. */
export const restAfterFailure = 5_000;
/** Nobody is kept waiting longer than this, in ms, because an upstream asked for it once. */
const longestRest = 300_000;

const faultOf: Partial<Record<ErrorCode, Fault>> = {
  network: "upstreamAway",
  busy: "upstreamAway",
  not_allowed: "upstreamRefuses",
  not_found: "blobUnknown",
  remote: "upstreamWrong",
  invalid: "upstreamWrong",
  not_verified: "upstreamWrong",
};

/**
 * What an upstream's failure is to whoever asked us. An upstream that refuses this registry's login is never a 401: the caller
 * would be asked for a login that does not help. What is no failure of the kind stays as it is.
 */
export function upstreamFault(error: unknown): unknown {
  if (error instanceof RegistryError || !(error instanceof Error)) return error;
  // Errors of the way out have the shape of ours: their room is not known here.
  const { code, reason } = error as { code?: ErrorCode; reason?: unknown };
  if (error instanceof ChartroomError && error.retryAfter !== undefined)
    return new RegistryError("upstreamBusy", { cause: error, retryAfter: error.retryAfter });
  const fault = reason === "timeout" ? "upstreamSlow" : code && faultOf[code];
  return fault === undefined ? error : new RegistryError(fault, { cause: error });
}

/** How long after a failure an upstream is better left alone, in ms; 0 where it is there and only says no. */
export function restAfter(fault: unknown): number {
  if (!(fault instanceof RegistryError)) return 0;
  if (fault.fault === "upstreamAway" || fault.fault === "upstreamSlow") return restAfterFailure;
  return Math.min(fault.retryAfter ?? 0, longestRest);
}
