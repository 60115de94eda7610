import type { Answer } from "../http/answer.ts";
import { retryAfter } from "../http/retry.ts";
import { ChartroomError, type ErrorCode } from "../oci/errors.ts";
import { isObject } from "../oci/json.ts";

/** What an error's sentence and hint are made of, beside the answer itself. */
export interface Attempt {
  /** As it follows "Cannot", e.g. `push blob sha256:… to localhost:5000/myrepo/mychart`. */
  readonly doing: string;
  /** As the user typed it. */
  readonly registry: string;
  /**
   * Who asked, where the login was found, and whether the registry's token server took it: then a refusal is about rights.
   * Undefined for nobody.
   */
  readonly login?: { readonly name: string; readonly source: string; readonly accepted: boolean } | undefined;
  /** What must not be shown, should the server send it back. */
  readonly secrets: readonly string[];
}

/** What is read of an error's body, in bytes: a real one has a few hundred. */
const bodyLimit = 64 * 1024;
const detailLimit = 300;
/** How long who asks too often is to wait where the registry does not say, in ms. */
const usualWait = 60_000;

/** What the registry gave as its reason. */
interface Reason {
  code: string | undefined;
  message: string | undefined;
}

/**
 * An answer with a status nobody wanted, as an error: by status and by the codes of distribution-spec ("Error codes").
 * Reads the answer's body.
 */
export async function answerError(answer: Answer, attempt: Attempt): Promise<ChartroomError> {
  const { status } = answer;
  const bytes = await answer.bytes(bodyLimit).catch(() => new Uint8Array());
  const text = new TextDecoder().decode(bytes);
  const reason = reasonOf(text);
  const { code, says, hint, retryAfter: wait } = meaningOf(answer, reason, text, attempt);
  const detail = reason.message === undefined ? "" : `, "${harmless(reason.message, attempt.secrets)}"`;
  const origin =
    reason.code === undefined ? `HTTP ${status}` : `from registry: HTTP ${status} ${reason.code}${detail}`;
  return new ChartroomError(code, `Cannot ${attempt.doing}: ${says} (${origin})`, {
    ...(hint !== undefined && { hint }),
    ...(wait !== undefined && { retryAfter: wait }),
  });
}

/** The first error of the body's list; none when the body is no such list. */
function reasonOf(text: string): Reason {
  const none = { code: undefined, message: undefined };
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return none;
  }
  const first: unknown = isObject(body) && Array.isArray(body.errors) ? body.errors[0] : undefined;
  if (!isObject(first) || typeof first.code !== "string" || !/^[A-Z0-9_]{1,64}$/.test(first.code))
    return none;
  const message = typeof first.message === "string" && first.message !== "" ? first.message : undefined;
  return { code: first.code, message };
}

interface Meaning {
  code: ErrorCode;
  says: string;
  hint?: string;
  retryAfter?: number;
}

/** What some registries say with 400 or 404, by its code: the status that it has elsewhere. */
const statusOfCode: Record<string, number> = {
  UNAUTHORIZED: 401,
  DENIED: 403,
  NAME_UNKNOWN: 404,
  MANIFEST_UNKNOWN: 404,
  BLOB_UNKNOWN: 404,
  NOT_FOUND: 404, // Harbor's
  UNSUPPORTED: 405,
  TOOMANYREQUESTS: 429,
  TOO_MANY_REQUEST: 429, // Harbor's
};

/** A token server's refusal of a login, as RFC 6749 §5.2 has it: with 400. */
const oauthRefusal = /"error"\s*:\s*"(invalid_grant|invalid_client|unauthorized_client|access_denied)"/;

function statusOf({ status }: Answer, { code = "" }: Reason, text: string): number {
  if (status !== 400 && status !== 404) return status;
  return oauthRefusal.test(text) ? 401 : (statusOfCode[code] ?? status);
}

function meaningOf(answer: Answer, reason: Reason, text: string, attempt: Attempt): Meaning {
  const { headers } = answer;
  const { code, message = "" } = reason;
  if (code === "DIGEST_INVALID" || code === "SIZE_INVALID")
    return { code: "not_verified", says: "the registry got other bytes than the digest says" };
  // ECR says with 400 what others say with 409 or 412.
  if (code === "TAG_INVALID" && /immutable/i.test(message))
    return { code: "conflict", says: "the registry lets nobody replace this tag" };
  // What Go's and nginx's servers say to http on a TLS port.
  if (answer.status === 400 && answer.url.protocol === "http:" && /HTTPS (server|port)/i.test(text))
    return { code: "network", says: "it speaks https", hint: "Ask for that with --plain-http=false." };
  const status = statusOf(answer, reason, text);
  switch (status) {
    case 401:
    case 403:
      return refusalOf(status, message, attempt);
    case 404:
      return code === undefined && isHtml(headers)
        ? { code: "remote", says: "what answered is no registry", hint: noRegistryHint }
        : { code: "not_found", says: "not found" };
    case 405:
      return { code: "not_allowed", says: "the registry does not do this" };
    case 407:
      return {
        code: "network",
        says: "the proxy asks for a login",
        hint: "It goes into HTTP_PROXY or HTTPS_PROXY, as http://USER:PASSWORD@HOST:PORT.",
      };
    case 409:
    case 412:
      return { code: "conflict", says: "the registry holds something else there" };
    case 413:
      return { code: "remote", says: "it is too large for the registry" };
    case 429:
      return {
        code: "remote",
        says: "too many requests",
        hint: `${waitOf(headers)}, or log in: many registries allow more then.`,
        retryAfter: retryAfter(headers.get("retry-after"), Date.now()) ?? usualWait,
      };
  }
  if (code === "UNSUPPORTED") return { code: "not_allowed", says: "the registry does not do this" };
  // A gateway's words, or a registry's own, while it is away or has too much to do.
  if (status >= 502 && status <= 504)
    return { code: "busy", says: "the registry is not to be had just now", hint: "Try again later." };
  if (status >= 500) return { code: "remote", says: "the registry failed", hint: "Try again later." };
  if (status >= 400 && code !== undefined) return { code: "remote", says: "the registry refused it" };
  return { code: "remote", says: "the answer is not a registry's", hint: noRegistryHint };
}

/** A 401 or 403. Registries use either for a login that is wrong, for one without the right, and for what is not there. */
function refusalOf(status: 401 | 403, message: string, { registry, login }: Attempt): Meaning {
  const logIn = `chartroom registry login ${registry}`;
  const code = "not_allowed";
  if (login === undefined)
    return {
      code,
      says: status === 401 ? "the registry asks for a login" : "not allowed without a login",
      hint: `Log in: ${logIn}. Many registries say so too when there is no such repository.`,
    };
  const who = `${login.name} (from ${login.source})`;
  // ECR sends no challenge with it, so that nothing can be renewed (seen in flipt issue 3043).
  if (/expired/i.test(message))
    return { code, says: `the login of ${who} has expired`, hint: `Log in again: ${logIn}` };
  if (status === 401 && !login.accepted)
    return {
      code,
      says: `the registry refused the login of ${who}`,
      hint: `Log in again: ${logIn}. What is public needs no login: chartroom registry logout ${registry}`,
    };
  return {
    code,
    says: `not allowed for ${who}, or there is no such repository`,
    hint: `Ask for the right, or log in as another user: ${logIn}`,
  };
}

/** How long a registry asks to be left alone, as a sentence's beginning. */
function waitOf(headers: Headers): string {
  const wait = retryAfter(headers.get("retry-after"), Date.now());
  if (wait === undefined) return "Wait a while";
  const minutes = Math.ceil(wait / 60_000);
  return `Wait ${minutes === 1 ? "a minute" : `${minutes} minutes`}`;
}

const noRegistryHint = "Check host, port and repository; a proxy or a login page may have answered.";

/** Whether an answer is a page for people, which no registry sends. */
export const isHtml = (headers: Headers): boolean =>
  /^\s*(text\/html|application\/xhtml)/i.test(headers.get("content-type") ?? "");

/** The error for an answer whose status is fine and whose content is not what the specification says. */
export const nonsense = (doing: string, why: string): ChartroomError =>
  new ChartroomError("remote", `Cannot ${doing}: ${why}`, { hint: noRegistryHint });

/** A server's words, fit to show: one line of bounded length, no control characters, none of our secrets. */
function harmless(text: string, secrets: readonly string[]): string {
  // None of them is shown then: cut out of a common word, a short secret could be read from its gap.
  if (secrets.some((secret) => secret !== "" && text.includes(secret))) return "REDACTED";
  const shown = text.replace(/[\p{C}\s]+/gu, " ").trim();
  return shown.length > detailLimit ? `${shown.slice(0, detailLimit)}…` : shown;
}
