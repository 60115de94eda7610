/** Why a request came to nothing, as a closed list: what `retry.ts` and callers that go on by themselves branch on. */
export type HttpReason =
  | "unresolved"
  | "refused"
  | "unreachable"
  | "dropped"
  | "timeout"
  | "untrusted"
  | "handshake"
  | "proxy"
  | "garbage"
  | "redirect"
  | "too-long"
  | "tls-file";

/**
 * A request that got no answer, or none that can be used. `code`, `message` and `hint` have the shape and the words of
 * Chartroom's own errors, so that one place tells people about both.
 */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly reason: HttpReason;
  readonly code: "network" | "remote" | "usage";
  readonly hint: string | undefined;

  constructor(reason: HttpReason, message: string, { hint, cause }: { hint?: string; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.code = codes[reason] ?? "network";
    this.hint = hint;
  }
}

/** The other side spoke, but nonsense: no trouble of the network's. */
const codes: Partial<Record<HttpReason, "remote" | "usage">> = {
  garbage: "remote",
  redirect: "remote",
  "too-long": "remote",
  "tls-file": "usage",
};

interface Explained {
  reason: HttpReason;
  says: string;
  hint?: string;
}

const skipCheck = "--insecure-skip-tls-verify skips the check.";
const trustIt = `If you know the certificate, trust it with --ca-file FILE; ${skipCheck}`;
const untrusted = (says: string, hint = trustIt): Explained => ({ reason: "untrusted", says, hint });
const unknownAuthority = untrusted(
  "its certificate is signed by an authority that this machine does not trust",
);
const dropped: Explained = { reason: "dropped", says: "the connection was closed unexpectedly" };

/** Codes that fetch fails with: Bun 1.4.5's as measured, which are mostly node's and OpenSSL's. */
const explanations: Record<string, Explained> = {
  ENOTFOUND: { reason: "unresolved", says: "no such host", hint: "Check the name of the host." },
  EAI_AGAIN: {
    reason: "unresolved",
    says: "its name could not be looked up just now",
    hint: "Check the network, and try again.",
  },
  ECONNREFUSED: {
    reason: "refused",
    says: "connection refused",
    hint: "Check host and port, and that the server is running.",
  },
  EHOSTUNREACH: { reason: "unreachable", says: "no way leads to this host" },
  ENETUNREACH: { reason: "unreachable", says: "no way leads to its network" },
  ETIMEDOUT: { reason: "timeout", says: "the connection timed out" },
  ECONNRESET: dropped,
  EPIPE: dropped,
  UND_ERR_SOCKET: dropped,
  EPROTO: {
    reason: "handshake",
    says: "the TLS handshake failed",
    hint: "If it speaks http, add --plain-http; if it asks for a client certificate, add --cert-file and --key-file.",
  },
  ERR_PROXY_TUNNEL: { reason: "proxy", says: "the proxy refused the connection" },
  Malformed_HTTP_Response: { reason: "garbage", says: "what answered does not speak HTTP" },
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted("its certificate is self-signed"),
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  CERT_HAS_EXPIRED: untrusted("its certificate has expired", `The server needs a new one; ${skipCheck}`),
  CERT_NOT_YET_VALID: untrusted(
    "its certificate is not valid yet",
    `Check this machine's clock; ${skipCheck}`,
  ),
  ERR_TLS_CERT_ALTNAME_INVALID: untrusted(
    "its certificate is for another name",
    `Use the name in the certificate; ${skipCheck}`,
  ),
};

/**
 * What fetch threw, as a sentence. What is an `HttpError` already stays as it is.
 * @param answered whether the answer's headers had come
 * @param proxy the variable that names a proxy for this URL, if any: the fault may be the proxy's
 * @param shown whether a client certificate was shown
 */
export function explainFailure(
  cause: unknown,
  url: URL,
  { answered, proxy, shown }: { answered: boolean; proxy: string | undefined; shown: boolean },
): HttpError {
  if (cause instanceof HttpError) return cause;
  const code = codeOf(cause);
  const known = explanations[code] ?? {
    reason: "unreachable",
    says: cause instanceof Error ? cause.message : "the request failed",
  };
  // A TLS server cuts off who speaks http to it, without a word, and who shows it a certificate that it does not take (TLS 1.3).
  const isCutOff = !answered && known.reason === "dropped";
  const mayBeProxy = proxy !== undefined && ["refused", "unresolved", "proxy"].includes(known.reason);
  const hint = mayBeProxy
    ? `${proxy} is set: check the proxy, or name this host in NO_PROXY.`
    : isCutOff && url.protocol === "http:"
      ? "If it speaks https, ask for that with --plain-http=false."
      : isCutOff && shown
        ? "Perhaps the server does not take the certificate of --cert-file."
        : known.hint;
  return new HttpError(
    known.reason,
    `Cannot ${answered ? "read from" : "reach"} ${url.host}: ${known.says}`,
    {
      cause,
      ...(hint !== undefined && { hint }),
    },
  );
}

/** The error's code; node's fetch has it on the cause. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" ? code : codeOf(error.cause);
}
