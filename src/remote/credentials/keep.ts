import { editFile } from "../../files/edit.ts";
import { type FileSystem, ifThere } from "../../files/filesystem.ts";
import { authsOf, entryOf, formatConfig, helperOf, parseConfig } from "./config.ts";
import type { Login, LoginTarget } from "./credential.ts";
import type { CredentialHelpers } from "./helpers.ts";
import { keyOf, sameKeys } from "./keys.ts";

/** The file that logins are written to, and the helpers that it may name. */
export interface CredentialKeeper {
  readonly fs: FileSystem;
  readonly path: string;
  readonly helpers: CredentialHelpers;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Keep a target's login, durably, in the place of the one that was there. Everything else in the file stays. Where the file
 * names a helper, that keeps the login, and the file only says so with `{}`, as Docker has it. The file is locked meanwhile:
 * Helm loses one of two logins at once (its issue 12622).
 * @throws ChartroomError `invalid` when the file is broken, `storage` when the helper fails; what `editFile` throws; the
 *   file is then as it was
 */
export async function keepLogin(
  { fs, path, helpers, signal }: CredentialKeeper,
  target: LoginTarget,
  login: Login,
): Promise<void> {
  const key = keyOf(target);
  const config = parseConfig((await ifThere(fs.readFile(path))) ?? new Uint8Array(), path);
  const helper = helperOf(config, target.registry);
  if (helper !== undefined) await helpers.store(helper, key, login);
  const entry = helper === undefined ? entryOf(login) : {};
  await editFile(
    fs,
    path,
    (bytes = new Uint8Array()) => {
      const now = parseConfig(bytes, path);
      return formatConfig({ ...now, auths: { ...authsOf(now), [key]: entry } }, bytes);
    },
    signal,
  );
}

/**
 * Forget a target's login, under whatever key it stands, in the helper first.
 * @returns false when there was none
 * @throws as `keepLogin`
 */
export async function forgetLogin(
  { fs, path, helpers, signal }: CredentialKeeper,
  target: LoginTarget,
): Promise<boolean> {
  const before = await ifThere(fs.readFile(path));
  if (before === undefined) return false; // or the edit would make its directory
  const config = parseConfig(before, path);
  const helper = helperOf(config, target.registry);
  let forgotten = false;
  for (const key of new Set([keyOf(target), ...sameKeys(Object.keys(authsOf(config)), target)]))
    if (helper !== undefined && (await helpers.get(helper, key)) !== undefined) {
      await helpers.erase(helper, key);
      forgotten = true;
    }
  await editFile(
    fs,
    path,
    (bytes = new Uint8Array()) => {
      const now = parseConfig(bytes, path);
      const auths = authsOf(now);
      const keys = new Set(sameKeys(Object.keys(auths), target));
      if (keys.size === 0) return undefined;
      forgotten = true;
      const others = Object.fromEntries(Object.entries(auths).filter(([key]) => !keys.has(key)));
      return formatConfig({ ...now, auths: others }, bytes);
    },
    signal,
  );
  return forgotten;
}
