import { ChartroomError } from "../../oci/errors.ts";
import { parseLoginTarget } from "../../oci/reference.ts";
import type { Login } from "../../remote/credentials/credential.ts";
import { keepLogin } from "../../remote/credentials/keep.ts";
import { checkLogin } from "../../remote/login.ts";
import { connectionOf, loginsOf } from "../connection.ts";
import type { Context, GlobalOptions } from "../context.ts";
import { print, warn } from "../output.ts";
import { ask } from "../prompt.ts";
import { explainLogin } from "./explain.ts";
import { passwordFromInput } from "./secret.ts";

export interface LoginOptions extends GlobalOptions {
  readonly username?: string;
  readonly password?: string;
  readonly passwordStdin?: boolean;
  /** Helm's name here for `--insecure-skip-tls-verify`. */
  readonly insecure?: boolean;
  readonly explain?: boolean;
}

/**
 * `registry login HOST[/PATH]`: keep a user's password for a registry, or for what lies below a path of it, once the registry
 * has let it in. An empty name makes the secret an identity token, as in Helm 3.0–3.6.
 */
export async function login([host = ""]: string[], options: LoginOptions, context: Context): Promise<void> {
  const target = parseLoginTarget(host);
  if (options.explain) return explainLogin(target, options, context);
  const given = await whoAndHow(options, context);

  const { username: _, passwordStdin: __, ...others } = options;
  const insecure = options.insecureSkipTlsVerify ?? options.insecure ?? false;
  const connection = await connectionOf({ ...others, insecureSkipTlsVerify: insecure }, context);
  if (!(await checkLogin(target.registry, given, connection)))
    warn(context, `${target.registry} gave a token, but does not say whether the login is right.`);
  await keepLogin(loginsOf(options, context), target, given);
  print(context, options, {
    text: "Login succeeded\n",
    json: {
      registry: target.registry,
      ...(target.path !== undefined && { path: target.path }),
      username: given.username,
      status: "succeeded",
    },
    quiet: undefined,
  });
}

/** The user and the secret: from flags, from standard input, and what is missing from the terminal. */
async function whoAndHow(
  options: LoginOptions,
  context: Context,
): Promise<Exclude<Login, { registryToken: string }>> {
  if (options.password !== undefined && options.passwordStdin)
    throw new ChartroomError("usage", "--password and --password-stdin exclude each other");
  if (options.password !== undefined)
    context.tell("WARNING: Using --password via the CLI is insecure. Use --password-stdin.\n");
  const known = options.passwordStdin ? await passwordFromInput(context) : options.password;
  const questions = [
    ...(options.username === undefined ? [{ label: "Username: ", secret: false }] : []),
    ...(known === undefined
      ? [{ label: (name = options.username) => (name === "" ? "Token: " : "Password: "), secret: true }]
      : []),
  ];
  const answers =
    questions.length === 0
      ? []
      : await ask(questions, "Use --username USER and --password-stdin.", options, context);
  const username = options.username ?? answers[0] ?? "";
  const secret = known ?? answers.at(-1) ?? "";
  if (username.includes(":"))
    throw new ChartroomError("usage", `Cannot log in as "${username}": a name has no ":"`);
  const kind = username === "" ? "token" : "password";
  if (secret === "") throw new ChartroomError("usage", `Cannot log in: the ${kind} is empty`);
  return username === "" ? { username, identityToken: secret } : { username, password: secret };
}
