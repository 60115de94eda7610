import { homedir } from "node:os";
import { resolve } from "node:path";
import { version } from "../../package.json";
import { readTls } from "../http/tls.ts";
import { Transport } from "../http/transport.ts";
import { type CredentialFiles, credentialFiles, findCredential } from "../remote/credentials.ts";
import type { RemoteOptions } from "../remote/open.ts";
import type { Context, GlobalOptions } from "./context.ts";

/** Where logins are kept, for this command line and environment. */
export const credentialFilesOf = (
  { registryConfig }: GlobalOptions,
  { env, platform, cwd }: Context,
): CredentialFiles =>
  credentialFiles({
    env,
    platform,
    home: env.HOME || homedir(),
    registryConfig: registryConfig && resolve(cwd, registryConfig),
  });

/**
 * The way to registries, as the global options have it. A login is looked for when a registry asks for one.
 * @throws HttpError `tls-file` when a certificate's file is not what its flag asks for; node's error when it cannot be read
 */
export async function connectionOf(options: GlobalOptions, context: Context): Promise<RemoteOptions> {
  const { caFile, certFile, keyFile, insecureSkipTlsVerify: insecure, plainHttp, debug } = options;
  const { own, docker } = credentialFilesOf(options, context);
  const warn = (message: string) => context.tell(`Warning: ${message}\n`);
  return {
    transport: new Transport({
      userAgent: `chartroom/${version}`,
      tls: await readTls({ caFile, certFile, keyFile, insecure }),
      signal: context.signal,
      ...(debug && { trace: (line: string) => context.tell(`${line}\n`) }),
    }),
    credentials: (registry) => findCredential(context.fs, [own, docker], registry, warn),
    plainHttp,
    tls: insecure === true || caFile !== undefined || certFile !== undefined,
  };
}
