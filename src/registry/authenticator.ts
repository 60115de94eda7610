import { availableParallelism } from "node:os";
import type { FileSystem } from "../files/filesystem.ts";
import { ChartroomError } from "../oci/errors.ts";
import { createHmac } from "../oci/hash.ts";
import { limiter } from "../oci/limiter.ts";
import type { Authenticator } from "./access.ts";
import type { Attempts } from "./attempts.ts";
import { costOf, defaultCost, dummyHash, verifyPassword } from "./bcrypt.ts";
import { parseHtpasswd, type Users, usersWithoutBcrypt } from "./htpasswd.ts";

/** What an authenticator over a file of users needs of the world. */
export interface HtpasswdOptions {
  /** The file, in Apache's format. */
  readonly path: string;
  readonly realm: string;
  readonly fs: FileSystem;
  /** Is told, once each, of users who can never log in and of a new version of the file that does not parse. */
  warn(message: string): void;
  /** Milliseconds that only go forward. */
  now(): number;
  /** How often one address may be wrong; as often as it likes where there is none. */
  readonly attempts?: Attempts | undefined;
  /** Compares a password with a bcrypt hash; a parameter so that a test can count. */
  verify?(password: string, hash: string): Promise<boolean>;
}

/** How long the file is believed without another look, in ms: a removed user is served no longer. */
const freshness = 1000;
/** How long a verified password need not be verified again, in ms. */
const memory = 10 * 60 * 1000;
/** How many verified passwords are remembered; the oldest goes first. */
const remembered = 1000;
/** Who comes when so many wait to be verified is turned away: some ten seconds of work at cost 10. */
const waiting = 128;
/** Verifications at once. They share the thread pool with the file system: leave it half of the machine. */
const parallel = Math.max(1, Math.floor(availableParallelism() / 2));

/**
 * Who may enter, by a file of users that is read again when it changes. Passwords are verified off the request's thread, a
 * few at a time; the same one asked for twice at once is verified once. What was verified is remembered under an HMAC
 * whose key never leaves the process, so that memory tells nobody a password. Failures are not remembered.
 * @throws ChartroomError `invalid` when the file does not parse; node's error when it cannot be read
 */
export async function openHtpasswd(options: HtpasswdOptions): Promise<Authenticator> {
  const { realm, now, attempts, verify = verifyPassword } = options;
  const key = crypto.getRandomValues(new Uint8Array(32));
  const limit = limiter(parallel);
  const verified = new Map<string, number>();
  const underWay = new Map<string, Promise<boolean>>();
  const users = await followUsers(options);

  /** Which user, which password, which line of the file: a changed line makes a new name, and the old is never asked for. */
  const nameOf = (...parts: string[]): string =>
    createHmac(key).update(JSON.stringify(parts)).digest("base64");

  function remember(name: string): void {
    verified.delete(name);
    verified.set(name, now() + memory);
    for (const oldest of verified.keys()) {
      if (verified.size <= remembered) return;
      verified.delete(oldest);
    }
  }

  return {
    realm,
    async authenticate(user, password, from) {
      const { hashes, costs } = await users();
      const hash = hashes.get(user);
      const own = hash === undefined ? undefined : costOf(hash);
      const name = nameOf(user, password, hash ?? "");
      if ((verified.get(name) ?? 0) > now()) return true;
      const running = underWay.get(name);
      if (running !== undefined) return running;
      if (underWay.size >= waiting)
        throw new ChartroomError("busy", "Cannot look at a password: too many others wait for that");
      const attempt = () =>
        limit(async () => {
          if (hash !== undefined && own !== undefined && (await verify(password, hash))) return true;
          // Every failure pays once for each cost that the file has, or the time would tell who is in it.
          for (const cost of costs) if (cost !== own) await verify(password, dummyHash(cost));
          return false;
        });
      const work = attempts === undefined ? attempt() : attempts.count(from, attempt);
      underWay.set(name, work);
      try {
        const passed = await work;
        if (passed) remember(name);
        return passed;
      } finally {
        underWay.delete(name);
      }
    },
  };
}

interface Known {
  readonly hashes: Users;
  /** The costs that the file's hashes have, each once; ours when there is no bcrypt hash. */
  readonly costs: readonly number[];
}

/**
 * The users of a file, as it stands now. The bytes are compared, not times and sizes: two quick edits can leave those
 * equal, and the file is small. A version that cannot be read or parsed changes nothing but is told once.
 */
async function followUsers({ path, fs, warn, now }: HtpasswdOptions): Promise<() => Promise<Known>> {
  const read = async (): Promise<Uint8Array> => fs.readFile(path);
  const understand = (content: Uint8Array): Known => {
    const hashes = parseHtpasswd(content, path);
    const barred = usersWithoutBcrypt(hashes);
    if (barred.length > 0)
      warn(`${path}: only bcrypt hashes are read, so these users cannot log in: ${barred.join(", ")}`);
    return { hashes, costs: costsOf(hashes) };
  };

  let looked = now();
  let bytes = await read();
  let known = understand(bytes);
  let told = "";
  let looking: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    looked = now();
    try {
      const fresh = await read();
      if (Buffer.compare(fresh, bytes) !== 0) known = understand(fresh);
      bytes = fresh;
      told = "";
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error);
      if (trouble !== told) warn(`${trouble}; the users known before stay`);
      told = trouble;
    } finally {
      looking = undefined;
    }
  };
  return async () => {
    if (now() - looked >= freshness) looking ??= look();
    await looking;
    return known;
  };
}

function costsOf(users: Users): number[] {
  const costs = new Set([...users.values()].map(costOf).filter((cost) => cost !== undefined));
  return costs.size === 0 ? [defaultCost] : [...costs];
}
