import { ChartroomError } from "../../oci/errors.ts";
import { parseRegistryHost } from "../../oci/reference.ts";
import { storeCredential } from "../../remote/credentials.ts";
import { checkLogin } from "../../remote/login.ts";
import { connectionOf, credentialFilesOf } from "../connection.ts";
import type { Context, GlobalOptions } from "../context.ts";
import { print } from "../output.ts";
import { ask } from "../prompt.ts";
import { passwordFromInput } from "./secret.ts";

export interface LoginOptions extends GlobalOptions {
  readonly username?: string;
  readonly password?: string;
  readonly passwordStdin?: boolean;
  /** Helm's name here for `--insecure-skip-tls-verify`. */
  readonly insecure?: boolean;
}

/** `registry login HOST`: keep a user's password for a registry, once the registry has let it in. */
export async function login([host = ""]: string[], options: LoginOptions, context: Context): Promise<void> {
  const registry = parseRegistryHost(host);
  const { username, password } = await whoAndHow(options, context);
  if (username === "" || username.includes(":"))
    throw new ChartroomError(
      "usage",
      `Cannot log in as "${username}": ${username === "" ? "the name is empty" : 'a name has no ":"'}`,
    );
  if (password === "") throw new ChartroomError("usage", "Cannot log in: the password is empty");

  const insecure = options.insecureSkipTlsVerify ?? options.insecure;
  const connection = await connectionOf(
    insecure ? { ...options, insecureSkipTlsVerify: true } : options,
    context,
  );
  await checkLogin(registry, { username, password }, connection);
  const { own } = credentialFilesOf(options, context);
  await storeCredential(context.fs, own, registry, { username, password }, context.signal);
  print(context, options, {
    text: "Login succeeded\n",
    json: { registry, username, status: "succeeded" },
    quiet: undefined,
  });
}

/** The user and the password: from flags, from standard input, and what is missing from the terminal. */
async function whoAndHow(
  options: LoginOptions,
  context: Context,
): Promise<{ username: string; password: string }> {
  if (options.password !== undefined && options.passwordStdin)
    throw new ChartroomError("usage", "--password and --password-stdin exclude each other");
  if (options.password !== undefined)
    context.tell("WARNING: Using --password via the CLI is insecure. Use --password-stdin.\n");
  const known = options.passwordStdin ? await passwordFromInput(context) : options.password;
  if (options.username !== undefined && known !== undefined)
    return { username: options.username, password: known };
  const questions = [
    ...(options.username === undefined ? [{ label: "Username: ", secret: false }] : []),
    ...(known === undefined ? [{ label: "Password: ", secret: true }] : []),
  ];
  const answers = await ask(questions, "Use --username USER and --password-stdin.", options, context);
  return {
    username: options.username ?? answers[0] ?? "",
    password: known ?? answers.at(-1) ?? "",
  };
}
