import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { version } from "../../package.json";
import { readTls } from "../http/tls.ts";
import { Transport } from "../http/transport.ts";
import { ChartroomError } from "../oci/errors.ts";
import type { Credential } from "../remote/credentials/credential.ts";
import { credentialFiles } from "../remote/credentials/files.ts";
import { CredentialHelpers } from "../remote/credentials/helpers.ts";
import type { CredentialKeeper } from "../remote/credentials/keep.ts";
import { type CredentialSources, findLogin } from "../remote/credentials/search.ts";
import type { RemoteOptions } from "../remote/open.ts";
import { UploadSessions } from "../remote/uploadSessions.ts";
import type { Context, GlobalOptions } from "./context.ts";
import { warn } from "./output.ts";
import { passwordFromInput } from "./registry/secret.ts";
import { stateDirectory } from "./state.ts";
import { helmCache } from "./store.ts";
import { printable, waitInWords } from "./words.ts";

/** The options of commands that talk to one registry, for whoever keeps no login: CI above all. */
export interface GivenLogin {
  readonly username?: string;
  readonly passwordStdin?: boolean;
}

/** Where logins are looked for and kept, for this command line and environment. */
export function loginsOf(
  { registryConfig }: GlobalOptions,
  context: Context,
): CredentialSources & CredentialKeeper {
  const { env, platform, cwd, signal } = context;
  const files = credentialFiles({
    env,
    platform,
    home: env.HOME || homedir(),
    cache: helmCache(context),
    registryConfig: registryConfig && resolve(cwd, registryConfig),
  });
  const onWait = (program: string) => context.tell(`${program} has not answered yet; waiting\n`);
  const helpers = new CredentialHelpers({ env, signal, onWait });
  return { fs: context.fs, files, path: files[0].path, helpers, signal };
}

/**
 * The way to registries, as the options have it. A login is looked for when a registry asks for one: what the options give,
 * for any registry, so only a command that talks to one offers them; else what the files hold.
 * @throws HttpError `tls-file` when a certificate's file is not what its flag asks for; node's error when it cannot be read;
 *   ChartroomError `usage` when half of a login is given
 */
export async function connectionOf(
  options: GlobalOptions & GivenLogin,
  context: Context,
): Promise<RemoteOptions> {
  const { caFile, certFile, keyFile, insecureSkipTlsVerify: insecure, plainHttp, debug } = options;
  const given = await givenLogin(options, context);
  const logins = loginsOf(options, context);
  const told = new Set<string>();
  const warnOnce = (message: string) => {
    if (!told.has(message)) warn(context, message);
    told.add(message);
  };
  return {
    transport: new Transport({
      userAgent: `chartroom/${version}`,
      tls: await readTls({ caFile, certFile, keyFile, insecure }),
      signal: context.signal,
      onWait: (host, ms) => context.tell(`${host} asks to wait ${waitInWords(ms)}; waiting\n`),
      ...(debug && { trace: (line: string) => context.tell(`${printable(line)}\n`) }),
    }),
    credentials: async (registry, path) => given ?? findLogin(logins, { registry, path }, warnOnce),
    warn: warnOnce,
    uploads: new UploadSessions(context.fs, join(stateDirectory(context), "uploads"), context.now),
    plainHttp,
    tls: insecure === true || caFile !== undefined || certFile !== undefined,
  };
}

async function givenLogin(
  { username, passwordStdin }: GivenLogin,
  context: Context,
): Promise<Credential | undefined> {
  if (username === undefined && !passwordStdin) return undefined;
  if (username === undefined || !passwordStdin)
    throw new ChartroomError("usage", "--username and --password-stdin go together: one of them is missing");
  return { username, password: await passwordFromInput(context), source: "the command line" };
}
