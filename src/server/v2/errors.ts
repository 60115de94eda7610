import { ChartroomError } from "../../oci/errors.ts";
import { type Fault, faults, RegistryError } from "../../registry/errors.ts";
import { UpstreamFailed } from "../../registry/mirror/failure.ts";
import { lacksRoom } from "../../registry/reserve.ts";
import { WritesStopped } from "../../registry/writeStop.ts";
import { type AnswerHeaders, jsonAnswer } from "../answer.ts";

/** What is told of errors that are no refusals: their own words may hold paths, and stay in the log. */
const failed = { code: "UNKNOWN", message: "the registry failed; its log says why" };
const stopped = {
  code: "UNKNOWN",
  message: "the registry's disk failed: it writes nothing until it is started again, and its log says why",
};
const full = {
  code: "UNKNOWN",
  message: "the registry's disk is full; pulls and deletes go on",
};
const busy = { code: "TOOMANYREQUESTS", message: "too much is under way; try again in a moment" };

/** Refusals of a method where reading is allowed. */
const readsOnly: ReadonlySet<Fault> = new Set(["deletesRefused", "mirrored"] as const);

/**
 * Any thrown value as an answer, in the shape of distribution-spec, "Error Codes": the one place where errors become JSON.
 */
export function errorAnswer(error: unknown, headers: AnswerHeaders = {}): Response {
  if (error instanceof RegistryError) {
    const { code, status } = faults[error.fault];
    const { message, details } = error;
    const errors = details.map((detail) => ({ code, message, detail }));
    // RFC 9110 §15.5.6 wants to hear what is allowed instead.
    const allow = readsOnly.has(error.fault) ? { allow: "GET, HEAD" } : {};
    const { retryAfter } = error;
    const wait = retryAfter === undefined ? {} : { "retry-after": `${Math.ceil(retryAfter / 1000)}` };
    return jsonAnswer({ errors: errors.length > 0 ? errors : [{ code, message }] }, status, {
      ...allow,
      ...wait,
      ...headers,
    });
  }
  if (error instanceof UpstreamFailed)
    return jsonAnswer(
      { errors: [{ code: "UNKNOWN", message: error.message }] },
      error.how === "slow" ? 504 : 502,
      headers,
    );
  if (error instanceof ChartroomError && error.code === "busy")
    return jsonAnswer({ errors: [busy] }, 503, { "retry-after": "1", ...headers });
  if (error instanceof WritesStopped) return jsonAnswer({ errors: [stopped] }, 503, headers);
  // WebDAV's word for it (RFC 4918 §11.5), which ChartMuseum has, too. The same again succeeds once there is room.
  if (lacksRoom(error)) return jsonAnswer({ errors: [full] }, 507, headers);
  return jsonAnswer({ errors: [failed] }, 500, headers);
}
