import type { Answer } from "../http/answer.ts";
import { ChartroomError, type ErrorCode } from "../oci/errors.ts";
import { isObject } from "../oci/json.ts";

/** What an error's sentence and hint are made of, beside the answer itself. */
export interface Attempt {
  /** As it follows "Cannot", e.g. `push blob sha256:… to localhost:5000/myrepo/mychart`. */
  readonly doing: string;
  /** As the user typed it. */
  readonly registry: string;
  /** Who asked, and where the password was found; undefined for nobody. */
  readonly login?: { readonly username: string; readonly source: string } | undefined;
  /** What must not be shown, should the server send it back. */
  readonly secrets: readonly string[];
}

/** What is read of an error's body, in bytes: a real one has a few hundred. */
const bodyLimit = 64 * 1024;
const detailLimit = 300;

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
  const { code, says, hint } = meaningOf(answer, reason, text, attempt);
  const detail = reason.message === undefined ? "" : `, "${harmless(reason.message, attempt.secrets)}"`;
  const origin =
    reason.code === undefined ? `HTTP ${status}` : `from registry: HTTP ${status} ${reason.code}${detail}`;
  return new ChartroomError(
    code,
    `Cannot ${attempt.doing}: ${says} (${origin})`,
    hint === undefined ? {} : { hint },
  );
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
}

function meaningOf(answer: Answer, { code }: Reason, text: string, { registry, login }: Attempt): Meaning {
  const { status, headers } = answer;
  const logIn = `chartroom registry login ${registry}`;
  if (code === "DIGEST_INVALID" || code === "SIZE_INVALID")
    return { code: "not_verified", says: "the registry got other bytes than the digest says" };
  // What Go's and nginx's servers say to http on a TLS port.
  if (status === 400 && answer.url.protocol === "http:" && /HTTPS (server|port)/i.test(text))
    return { code: "network", says: "it speaks https", hint: "Ask for that with --plain-http=false." };
  switch (status) {
    case 401:
      return login === undefined
        ? { code: "not_allowed", says: "the registry asks for a login", hint: `Log in: ${logIn}` }
        : {
            code: "not_allowed",
            says: `the registry refused the login of ${login.username} (from ${login.source})`,
            hint: `Log in again: ${logIn}`,
          };
    case 403:
      return login === undefined
        ? { code: "not_allowed", says: "not allowed without a login", hint: `Log in: ${logIn}` }
        : {
            code: "not_allowed",
            says: `not allowed for ${login.username} (from ${login.source})`,
            hint: `Ask for the right, or log in as another user: ${logIn}`,
          };
    case 404:
      return code === undefined && isHtml(headers)
        ? { code: "remote", says: "what answered is no registry", hint: noRegistryHint }
        : { code: "not_found", says: "not found" };
    case 405:
      return { code: "not_allowed", says: "the registry does not do this" };
    case 409:
    case 412:
      return { code: "conflict", says: "the registry holds something else there" };
    case 413:
      return { code: "remote", says: "it is too large for the registry" };
    case 429:
      return {
        code: "remote",
        says: "too many requests",
        hint: "Wait a while, or log in: many registries allow more then.",
      };
  }
  if (code === "UNSUPPORTED") return { code: "not_allowed", says: "the registry does not do this" };
  if (status >= 500) return { code: "remote", says: "the registry failed", hint: "Try again later." };
  if (status >= 400 && code !== undefined) return { code: "remote", says: "the registry refused it" };
  return { code: "remote", says: "the answer is not a registry's", hint: noRegistryHint };
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
  let shown = text;
  for (const secret of secrets) if (secret !== "") shown = shown.replaceAll(secret, "REDACTED");
  shown = shown.replace(/[\p{C}\s]+/gu, " ").trim();
  return shown.length > detailLimit ? `${shown.slice(0, detailLimit)}…` : shown;
}
