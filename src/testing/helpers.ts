import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What a helper keeps, by server: user and secret. */
export type Kept = Record<string, readonly [string, string]>;

/**
 * Put a program `docker-credential-<suffix>` into a directory: `script` is the body of a shell script, whose `$1` is the verb.
 */
export async function writeHelper(directory: string, suffix: string, script: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, `docker-credential-${suffix}`);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

/**
 * A helper that keeps logins in files beside it, one for each server, and logs every call to `<suffix>.log`. The script
 * speaks the protocol of docker-credential-helpers: input on standard input, errors on standard output with exit 1.
 */
export async function writeKeychain(directory: string, suffix: string, kept: Kept = {}): Promise<void> {
  const store = join(directory, `${suffix}.kept`);
  await mkdir(store, { recursive: true });
  for (const [server, [username, secret]] of Object.entries(kept))
    await writeFile(
      join(store, encodeURIComponent(server)),
      JSON.stringify({ ServerURL: server, Username: username, Secret: secret }),
    );
  await writeHelper(
    directory,
    suffix,
    `input=$(cat)
echo "$1 $input" >> '${join(directory, suffix)}.log'
server="$input"
[ "$1" = store ] && server=$(printf %s "$input" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/')
file='${store}'/$(printf %s "$server" | sed 's|%|%25|g; s|:|%3A|g; s|/|%2F|g')
case "$1" in
  get) [ -f "$file" ] && cat "$file" || { echo "credentials not found in native keychain"; exit 1; } ;;
  store) printf %s "$input" > "$file" ;;
  erase) rm -f "$file" ;;
esac`,
  );
}
