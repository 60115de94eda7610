// The one module that names Bun.password. It runs in the thread pool: nothing waits for it but its caller (73 ms at cost 10).

/**
 * `$2y$10$<22 of salt><31 of hash>`; `$2a$`, `$2b$` and `$2y$` are one algorithm by three names. Salt and hash are 16 and 23 bytes, six
 * bits a letter: the last of each has bits to spare, which are 0. Bun throws at one that has others, as a slip of the hand makes it.
 */
const grammar =
  /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/;

/** bcrypt reads this many bytes of a password and no more. */
export const passwordLimit = 72;

/**
 * 2^10 rounds: the least that OWASP's password storage cheat sheet allows, and still bearable for CNCF Distribution, which
 * may read the same file and verifies at every request (its issue 3017: at cost 12, pushing what was there took 6 s).
 */
export const defaultCost = 10;

/** The cost of a bcrypt hash, undefined when it is none. Other hashes stand in a file and never match, as in Distribution. */
export function costOf(hash: string): number | undefined {
  const cost = grammar.exec(hash)?.[1];
  return cost === undefined ? undefined : Number(cost);
}

/** A password's hash at the default cost, as `$2y$`: so Apache writes it; `$2b$` it leaves to the system's crypt(3). */
export async function hashPassword(password: string): Promise<string> {
  const hash = await Bun.password.hash(readByBcrypt(password), { algorithm: "bcrypt", cost: defaultCost });
  return hash.replace("$2b$", "$2y$");
}

/** Whether a password has this bcrypt hash. Takes as long as the hash's cost says, whatever the answer. */
export const verifyPassword = (password: string, hash: string): Promise<boolean> =>
  Bun.password.verify(readByBcrypt(password), hash);

/** A well-formed hash of nothing known: to verify against it takes its time and fails. */
export const dummyHash = (cost: number): string =>
  `$2y$${String(cost).padStart(2, "0")}$${".".repeat(22)}${".".repeat(31)}`;

/** Bun hashes a longer password with SHA-512 first, so that no other program's hash of it would match. */
const readByBcrypt = (password: string): Uint8Array =>
  new TextEncoder().encode(password).subarray(0, passwordLimit);
