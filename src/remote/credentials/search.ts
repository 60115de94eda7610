import { type FileSystem, ifThere } from "../../files/filesystem.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { isObject, type JsonObject } from "../../oci/json.ts";
import { authsOf, helperOf, loginOf, parseConfig } from "./config.ts";
import type { Credential, Login, LoginTarget } from "./credential.ts";
import type { CredentialFile } from "./files.ts";
import type { CredentialHelpers } from "./helpers.ts";
import { enclosing, keyOf, plainKey, sameKeys } from "./keys.ts";

/** Where logins are looked for. */
export interface CredentialSources {
  readonly fs: FileSystem;
  readonly files: readonly CredentialFile[];
  readonly helpers: CredentialHelpers;
}

/** One place that was looked at, and what came of it. */
export interface Finding {
  readonly file: CredentialFile;
  /**
   * - `absent`: there is no such file
   * - `nothing`: the file, or the helper, has no login for the target
   * - `broken`: it cannot be read, or the helper failed
   * - `login`: this one is used
   * - `passed by`: it was not opened, since another login was found before
   */
  readonly outcome: "absent" | "nothing" | "broken" | "login" | "passed by";
  /** The file's key that matched. */
  readonly key?: string;
  /** The helper that keeps the login, as its program's name ends. */
  readonly helper?: string;
  readonly login?: Login;
  /** Why it is broken. */
  readonly fault?: string;
}

/** An entry that matched, not yet opened: its login stands in the file, or a helper has it under `key`. */
interface Candidate {
  readonly key: string;
  readonly helper?: string;
}

/**
 * Look for the login of a registry or a path in it: file by file, in each the nearest key first. Whatever is missing or
 * broken is passed by, so that it never stops what needs no login. After the first login nothing is opened any more, no
 * helper asked; what else would match is still told.
 */
export async function* searchLogins(
  { fs, files, helpers }: CredentialSources,
  target: LoginTarget,
): AsyncGenerator<Finding, void, undefined> {
  let found = false;
  for (const file of files) {
    let config: JsonObject;
    try {
      const bytes = await ifThere(fs.readFile(file.path));
      if (bytes === undefined) {
        yield { file, outcome: "absent" };
        continue;
      }
      config = parseConfig(bytes, file.path, file.bare);
    } catch (error) {
      yield { file, outcome: "broken", fault: faultOf(error, file.path) };
      continue;
    }
    const candidates = candidatesIn(config, target);
    if (candidates.length === 0) yield { file, outcome: "nothing" };
    for (const { key, helper } of candidates) {
      const place = { file, key, ...(helper !== undefined && { helper }) };
      if (found) {
        yield { ...place, outcome: "passed by" };
        continue;
      }
      try {
        const login =
          helper === undefined
            ? loginOf(authsOf(config)[key], `${file.path}, "${key}"`)
            : await helpers.get(helper, key);
        found = login !== undefined;
        yield login === undefined ? { ...place, outcome: "nothing" } : { ...place, outcome: "login", login };
      } catch (error) {
        if (!(error instanceof ChartroomError)) throw error; // the user stopped it
        const fault = helper === undefined ? error.message : `Cannot use ${file.path}: ${error.message}`;
        yield { ...place, outcome: "broken", fault };
      }
    }
  }
}

const faultOf = (error: unknown, path: string): string =>
  error instanceof ChartroomError ? error.message : `Cannot read ${path}: ${(error as Error).message}`;

/**
 * What of a file may have the target's login, the nearest first. For one and the same target a helper goes before the file,
 * as in Docker; `{}` in the file says that the helper has it.
 */
function candidatesIn(config: JsonObject, target: LoginTarget): Candidate[] {
  const auths = authsOf(config);
  const helper = helperOf(config, target.registry);
  return enclosing(target).flatMap((each) => {
    const keys = sameKeys(Object.keys(auths), each);
    const kept = keys.filter((key) => isEmpty(auths[key]));
    // A helper for all of a host is asked even when the file does not say that it has something.
    const asked = each.path === undefined ? [...new Set([keyOf(each), ...kept])] : kept;
    return [
      ...(helper === undefined ? [] : asked.map((key) => ({ key, helper }))),
      ...keys.filter((key) => !isEmpty(auths[key])).map((key) => ({ key })),
    ];
  });
}

const isEmpty = (entry: unknown): boolean => !isObject(entry) || Object.keys(entry).length === 0;

/**
 * A target's login in the first place that has one, undefined when none has.
 * @param warn is told what is broken on the way
 */
export async function findLogin(
  sources: CredentialSources,
  target: LoginTarget,
  warn: (message: string) => void,
): Promise<Credential | undefined> {
  for await (const finding of searchLogins(sources, target)) {
    if (finding.fault !== undefined) warn(finding.fault);
    if (finding.login !== undefined) return { ...finding.login, source: placeOf(finding, target) };
  }
  return undefined;
}

/** Where a login was found, for people: the file, the key where it is another than the registry's, and the helper. */
export function placeOf({ file, key = "", helper }: Finding, { registry }: LoginTarget): string {
  const narrower = plainKey(key) !== plainKey(registry) ? `, "${key}"` : "";
  return `${file.path}${narrower}${helper === undefined ? "" : `, by docker-credential-${helper}`}`;
}
