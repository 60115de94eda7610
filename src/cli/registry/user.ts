import { homedir } from "node:os";
import { nodeFileSystem as fs, ifThere } from "../../files/filesystem.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { hashPassword } from "../../registry/bcrypt.ts";
import { makeDataDirectory } from "../../registry/dataDirectory.ts";
import {
  parseHtpasswd,
  parsePassword,
  parseUserName,
  removeUser as removeLine,
  setUser,
  usersWithoutBcrypt,
} from "../../registry/htpasswd.ts";
import type { Context, GlobalOptions } from "../context.ts";
import { print } from "../output.ts";
import { ask } from "../prompt.ts";
import { passwordFromInput } from "./secret.ts";
import { readSettings } from "./settings.ts";

/** Which file of users: `--htpasswd`, else the one in `--data`, found as `registry serve` finds it. */
export interface UserOptions extends GlobalOptions {
  readonly htpasswd?: string;
  readonly data?: string;
}

export interface AddUserOptions extends UserOptions {
  readonly passwordStdin?: boolean;
}

/** `registry user add NAME`: let a user in, or change the password. */
export async function addUser(
  [name = ""]: string[],
  options: AddUserOptions,
  context: Context,
): Promise<void> {
  const user = parseUserName(name);
  const { path, isDefault, data } = await fileOf(options, context);
  const password = parsePassword(
    options.passwordStdin ? await passwordFromInput(context) : await passwordFromTerminal(options, context),
  );
  const first = (await ifThere(fs.stat(path))) === undefined;
  if (isDefault) await makeDataDirectory(data, { fs });
  const status = await setUser(fs, path, user, await hashPassword(password));
  if (first && isDefault) context.tell("From its next start on the registry asks everyone to log in.\n");
  print(context, options, {
    text: status === "added" ? `User ${user} added\n` : `Password of ${user} changed\n`,
    json: { user, status, htpasswd: path },
    quiet: undefined,
  });
}

async function passwordFromTerminal(options: UserOptions, context: Context): Promise<string> {
  const questions = ["Password: ", "Repeat it: "].map((label) => ({ label, secret: true }));
  const [password = "", repeated] = await ask(questions, "Use --password-stdin.", options, context);
  if (password === repeated) return password;
  throw new ChartroomError("usage", "Cannot use this password: it was not the same twice");
}

/** `registry user remove NAME`. A registry that runs lets the user in for a second more at most. */
export async function removeUser(
  [name = ""]: string[],
  options: UserOptions,
  context: Context,
): Promise<void> {
  const user = parseUserName(name);
  const { path } = await fileOf(options, context);
  const left = await removeLine(fs, path, user);
  if (left === undefined)
    throw new ChartroomError("not_found", `User not found: ${user}`, { hint: `Users are kept in ${path}.` });
  if (left === 0)
    context.tell(`Warning: nobody can log in any more; delete ${path} for a registry without logins\n`);
  print(context, options, {
    text: `User ${user} removed\n`,
    json: { user, status: "removed", htpasswd: path },
    quiet: undefined,
  });
}

/** `registry user list`: names, sorted by bytes. */
export async function listUsers(_args: string[], options: UserOptions, context: Context): Promise<void> {
  const { path, isDefault } = await fileOf(options, context);
  const bytes = await ifThere(fs.readFile(path));
  if (bytes === undefined && !isDefault)
    throw new ChartroomError("not_found", `Cannot read users from ${path}: no such file`);
  const users = parseHtpasswd(bytes ?? new Uint8Array(), path);
  const barred = new Set(usersWithoutBcrypt(users));
  const names = [...users.keys()].sort();
  if (barred.size > 0)
    context.tell(
      `Warning: only bcrypt hashes are read, so these users cannot log in: ${[...barred].join(", ")}\n`,
    );
  print(context, options, {
    text: names.map((name) => `${name}\n`).join(""),
    json: names.map((user) => ({ user, canLogIn: !barred.has(user) })),
    quiet: names.join("\n") || undefined,
  });
}

/** The file that `registry serve` would ask. @throws ChartroomError `usage` when it would ask none */
async function fileOf(options: UserOptions, { env, cwd, platform }: Context) {
  const { users, data } = await readSettings(undefined, options, {
    env,
    cwd,
    platform,
    home: env.HOME || homedir(),
  });
  if (users === undefined)
    throw new ChartroomError("usage", "Cannot keep users: by configuration nobody is asked to log in", {
      hint: "Name a file with --htpasswd FILE.",
    });
  return { path: users.path, isDefault: users.namedBy === "nobody", data: data ?? "" };
}
