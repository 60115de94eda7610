import { dirname } from "node:path";
import { errorCode, nodeFileSystem as fs, ifThere } from "../../files/filesystem.ts";
import { ChartroomError } from "../../oci/errors.ts";
import type { Authenticator } from "../../registry/access.ts";
import type { Attempts } from "../../registry/attempts.ts";
import { openHtpasswd } from "../../registry/authenticator.ts";
import { hashPassword } from "../../registry/bcrypt.ts";
import { parseUserName, setUser } from "../../registry/htpasswd.ts";
import type { UsersFile } from "./settings.ts";

/**
 * Who may enter; undefined for everyone. A file that configuration names is made when it is missing, as CNCF Distribution
 * does: one user `docker`, whose password is told once.
 * @param warn takes a sentence
 * @param announce takes one that must be seen, with the user and the password
 * @param attempts how often an address may be wrong
 * @throws ChartroomError `invalid` when a file that a flag names is missing, or one is broken
 */
export async function openUsers(
  { path, realm, namedBy }: UsersFile,
  warn: (message: string) => void,
  announce: (message: string, fields: Readonly<Record<string, string>>) => void,
  attempts?: Attempts,
): Promise<Authenticator | undefined> {
  // The default one lies in the data directory, and that it is a file is told by whoever opens it.
  const stats = await ifThere(fs.stat(path)).catch((error: unknown) => {
    if (namedBy !== "nobody" || errorCode(error) !== "ENOTDIR") throw error;
  });
  if (stats === undefined) {
    if (namedBy === "nobody") return undefined;
    if (namedBy === "flag")
      throw new ChartroomError("invalid", `Cannot read users from ${path}: no such file`, {
        hint: `Make it with: chartroom registry user add NAME --htpasswd ${path}`,
      });
    const password = await makeUsers(path);
    announce(`${path} was missing and is made, with one user`, { user: "docker", password });
  }
  // Of a directory the system's own error does not tell the path.
  if (stats?.isDirectory())
    throw new ChartroomError("invalid", `Cannot read users from ${path}: it is a directory`);
  return openHtpasswd({ path, realm, fs, warn, now: () => performance.now(), attempts });
}

/** A file (0600, in a directory of its owner's where that is missing too) with a user `docker`; gives the password. */
async function makeUsers(path: string): Promise<string> {
  const folder = dirname(path);
  const alone = (await ifThere(fs.stat(folder))) === undefined;
  const password = crypto
    .getRandomValues(new Uint8Array(32))
    .toBase64({ alphabet: "base64url", omitPadding: true });
  await setUser(fs, path, parseUserName("docker"), await hashPassword(password));
  if (alone) await fs.chmod(folder, 0o700);
  return password;
}
