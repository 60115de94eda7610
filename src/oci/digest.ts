import { ChartroomError } from "./errors.ts";
import { createHash, type Hash } from "./hash.ts";

/** The digest algorithms that image-spec registers and we compute (descriptor.md, "Registered Algorithms"). */
export type Algorithm = "sha256" | "sha512";

/** `sha256:<64 hex>` or `sha512:<128 hex>`; only `parseDigest` and the functions here make one. */
export type Digest = string & { readonly __digest: unique symbol };

const hexLength: Record<Algorithm, number> = { sha256: 64, sha512: 128 };
/** Whether `text` names an algorithm that we compute. */
export const isAlgorithm = (text: string): text is Algorithm => Object.hasOwn(hexLength, text);

/** The grammar of a digest, for an expression that has more around it. What it matches is a `Digest`. */
export const digestPattern = Object.entries(hexLength)
  .map(([algorithm, length]) => `${algorithm}:[0-9a-f]{${length}}`)
  .join("|");

const grammar = new RegExp(`^(?:${digestPattern})$`);

/** `text` as a digest, or undefined when it is none that we can verify. */
export const tryDigest = (text: string): Digest | undefined =>
  grammar.test(text) ? (text as Digest) : undefined;

/**
 * `text` as a digest.
 * @throws ChartroomError `usage` when it is not `sha256:<64 lower-case hex>` or `sha512:<128 lower-case hex>`
 */
export function parseDigest(text: string): Digest {
  const digest = tryDigest(text);
  if (digest !== undefined) return digest;
  throw new ChartroomError(
    "usage",
    `Cannot parse digest "${text}": expected sha256:<64 hex> or sha512:<128 hex>`,
  );
}

/** The algorithm in front of the colon. */
export const algorithmOf = (digest: Digest): Algorithm =>
  digest.startsWith("sha256:") ? "sha256" : "sha512";

/** The hex digits behind the colon. */
export const hexOf = (digest: Digest): string => digest.slice(digest.indexOf(":") + 1);

/** The first seven hex digits: what tables show. */
export const shortHex = (digest: Digest): string => hexOf(digest).slice(0, 7);

/** The digest of whole bytes in memory. */
export function digestOf(bytes: Uint8Array, algorithm: Algorithm = "sha256"): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}` as Digest;
}

/** A running digest: `digest` is that of all bytes so far, and more may follow. */
export class Digester {
  readonly #hash: Hash;
  readonly #algorithm: Algorithm;

  constructor(algorithm: Algorithm = "sha256") {
    this.#algorithm = algorithm;
    this.#hash = createHash(algorithm);
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  digest(): Digest {
    return `${this.#algorithm}:${this.#hash.copy().digest("hex")}` as Digest;
  }
}
