import { ChartroomError, type ErrorCode } from "../../oci/errors.ts";
import { type Fault, RegistryError } from "../errors.ts";

/** How long an upstream that could not be reached is left alone, in ms, where something kept can be given instead. */
const restAfterFailure = 5_000;
/** Nobody is kept waiting longer than this, in ms, because an upstream asked for it once. */
const longestRest = 300_000;

/** How an upstream fails: it is not to be had, does not answer in time, or gave something else than was asked for. */
export type Failing = keyof typeof says;

const says = {
  away: "it is not kept here, and the upstream cannot be reached",
  slow: "it is not kept here, and the upstream does not answer in time",
  wrong: "the upstream gave something else than was asked for; nothing of it was kept",
} as const;

/** What was asked for is not kept, and the upstream fails. */
export class UpstreamFailed extends ChartroomError {
  readonly how: Failing;

  constructor(how: Failing, cause: unknown) {
    super(how === "wrong" ? "remote" : "network", says[how], { cause });
    this.how = how;
  }
}

const failing: Partial<Record<ErrorCode, Failing>> = {
  network: "away",
  busy: "away",
  remote: "wrong",
  invalid: "wrong",
  not_verified: "wrong",
};
const refusing: Partial<Record<ErrorCode, Fault>> = {
  not_allowed: "upstreamRefuses",
  not_found: "blobUnknown",
};

/**
 * What an upstream's failure is to whoever asked us. An upstream that refuses this registry's login is never a 401: the caller
 * would be asked for a login that does not help. What is no failure of the kind stays as it is.
 */
export function upstreamFault(error: unknown): unknown {
  if (isUpstreamFault(error) || !(error instanceof Error)) return error;
  // Errors of the way out have the shape of ours: their room is not known here.
  const { code, reason } = error as { code?: ErrorCode; reason?: unknown };
  if (error instanceof ChartroomError && error.retryAfter !== undefined)
    return new RegistryError("upstreamBusy", { cause: error, retryAfter: error.retryAfter });
  const how = reason === "timeout" ? "slow" : code && failing[code];
  if (how !== undefined) return new UpstreamFailed(how, error);
  const fault = code && refusing[code];
  return fault === undefined ? error : new RegistryError(fault, { cause: error });
}

/** Whether an error is what `upstreamFault` makes of one. */
export const isUpstreamFault = (error: unknown): boolean =>
  error instanceof UpstreamFailed || error instanceof RegistryError;

/** How long after a failure an upstream is better left alone, in ms; 0 where it is there and only says no. */
export function restAfter(fault: unknown): number {
  if (fault instanceof UpstreamFailed) return fault.how === "wrong" ? 0 : restAfterFailure;
  return fault instanceof RegistryError ? Math.min(fault.retryAfter ?? 0, longestRest) : 0;
}
