import { ChartroomError, type ErrorCode } from "../oci/errors.ts";

interface FaultRow {
  /** One of the fourteen codes of distribution-spec, "Error Codes". */
  readonly code: string;
  /** The status of the answer. */
  readonly status: number;
  /** What it is to a caller in this process. */
  readonly error: ErrorCode;
  /** What is said where the place that throws has nothing better to say. */
  readonly message: string;
}

/**
 * All that a registry refuses: one row for each reason, so that code, status and words never drift apart. Several reasons
 * share a code, because the specification's list is closed and coarser than HTTP's statuses.
 */
export const faults = {
  blobUnknown: {
    code: "BLOB_UNKNOWN",
    status: 404,
    error: "not_found",
    message: "the repository has no such blob",
  },
  // server-core.md has the reason: a manifest that stays must stay pullable. 409, since deleting the manifest mends it.
  blobInUse: {
    code: "DENIED",
    status: 409,
    error: "conflict",
    message: "a manifest of the repository names the blob",
  },
  uploadUnknown: {
    code: "BLOB_UPLOAD_UNKNOWN",
    status: 404,
    error: "not_found",
    message: "there is no such upload session",
  },
  uploadInvalid: {
    code: "BLOB_UPLOAD_INVALID",
    status: 400,
    error: "usage",
    message: "Content-Range is not FIRST-LAST in bytes",
  },
  uploadOutOfOrder: {
    code: "BLOB_UPLOAD_INVALID",
    status: 416,
    error: "conflict",
    message: "the chunk does not begin where the session ends",
  },
  uploadTakenOver: {
    code: "BLOB_UPLOAD_INVALID",
    status: 409,
    error: "conflict",
    message: "a newer request went on with the session",
  },
  requestStalled: {
    code: "BLOB_UPLOAD_INVALID",
    status: 408,
    error: "network",
    message: "no byte came for too long",
  },
  digestInvalid: {
    code: "DIGEST_INVALID",
    status: 400,
    error: "not_verified",
    message: "the digest is missing, malformed, or not that of the content",
  },
  sizeInvalid: {
    code: "SIZE_INVALID",
    status: 400,
    error: "not_verified",
    message: "the content has another length than was said",
  },
  blobTooLarge: {
    code: "SIZE_INVALID",
    status: 413,
    error: "invalid",
    message: "the blob is larger than this registry takes",
  },
  requestsTooMany: {
    code: "TOOMANYREQUESTS",
    status: 429,
    error: "busy",
    message: "too many requests",
  },
  uploadsTooMany: {
    code: "TOOMANYREQUESTS",
    status: 503,
    error: "busy",
    message: "too many uploads are under way",
  },
  manifestTooLarge: {
    code: "SIZE_INVALID",
    status: 413,
    error: "invalid",
    message: "the manifest is larger than 4 MiB",
  },
  manifestUnknown: {
    code: "MANIFEST_UNKNOWN",
    status: 404,
    error: "not_found",
    message: "the repository has no such manifest",
  },
  manifestInvalid: {
    code: "MANIFEST_INVALID",
    status: 400,
    error: "invalid",
    message: "the manifest breaks a rule",
  },
  manifestBlobUnknown: {
    code: "MANIFEST_BLOB_UNKNOWN",
    status: 404,
    error: "not_found",
    message: "the manifest names content that the repository does not have",
  },
  tagInvalid: {
    code: "MANIFEST_INVALID",
    status: 400,
    error: "usage",
    message: "the tag breaks the grammar of tags",
  },
  tagTaken: {
    code: "DENIED",
    status: 412,
    error: "conflict",
    message: "the tag does not hold what the request expects",
  },
  tagsTooMany: { code: "UNSUPPORTED", status: 414, error: "usage", message: "too many tags at once" },
  nameInvalid: {
    code: "NAME_INVALID",
    status: 400,
    error: "usage",
    message: "the path holds no repository name",
  },
  nameUnknown: {
    code: "NAME_UNKNOWN",
    status: 404,
    error: "not_found",
    message: "there is no such repository",
  },
  unauthorized: {
    code: "UNAUTHORIZED",
    status: 401,
    error: "not_allowed",
    message: "authentication required",
  },
  denied: {
    code: "DENIED",
    status: 403,
    error: "not_allowed",
    message: "the registry's rules do not allow this",
  },
  parameterInvalid: {
    code: "UNSUPPORTED",
    status: 400,
    error: "usage",
    message: "a parameter of the request cannot be understood",
  },
  deletesRefused: {
    code: "UNSUPPORTED",
    status: 405,
    error: "not_allowed",
    message: "this registry deletes nothing: deletion is switched off",
  },
  mirrored: {
    code: "UNSUPPORTED",
    status: 405,
    error: "not_allowed",
    message: "the repository is a mirror, which takes no pushes and no deletes: its upstream does",
  },
  // No 401: a client would ask its user for a login, and none helps. No 5xx: clients would try again and again.
  upstreamRefuses: {
    code: "DENIED",
    status: 403,
    error: "not_allowed",
    message: "the upstream does not let this registry read it, or has no such repository",
  },
  upstreamBusy: {
    code: "TOOMANYREQUESTS",
    status: 429,
    error: "busy",
    message: "the upstream is asked too often by this registry",
  },
  pathUnknown: { code: "UNSUPPORTED", status: 404, error: "not_found", message: "nothing answers here" },
  methodUnsupported: {
    code: "UNSUPPORTED",
    status: 405,
    error: "usage",
    message: "the method is not supported here",
  },
} as const satisfies Record<string, FaultRow>;

/** Why a registry refuses: a closed list. */
export type Fault = keyof typeof faults;

/** What a refusal may carry beside its reason. */
export interface FaultContext {
  /** A sentence that says more than the fault's own. */
  readonly message?: string | undefined;
  /** What exactly, for programs. Several give several errors in the answer, as a manifest's missing blobs ask. */
  readonly details?: readonly object[];
  readonly cause?: unknown;
  /** How long the caller is to wait before it asks again, in ms. */
  readonly retryAfter?: number;
}

/** A refusal by the rules of a registry. Whoever knows nothing of registries sees a `ChartroomError`. */
export class RegistryError extends ChartroomError {
  readonly fault: Fault;
  readonly details: readonly object[];

  constructor(fault: Fault, { message, details = [], cause, retryAfter }: FaultContext = {}) {
    super(faults[fault].error, message ?? faults[fault].message, {
      cause,
      ...(retryAfter !== undefined && { retryAfter }),
    });
    this.fault = fault;
    this.details = details;
  }
}

/**
 * Do `work`; what it throws with the code `from` becomes the refusal `fault`, its sentence kept. Everything else goes by.
 * @throws RegistryError `fault`
 */
export async function refusing<T>(from: ErrorCode, fault: Fault, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ChartroomError) || error instanceof RegistryError || error.code !== from)
      throw error;
    throw new RegistryError(fault, { message: error.message, cause: error });
  }
}
