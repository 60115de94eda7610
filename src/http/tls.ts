import type { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { HttpError } from "./errors.ts";
import type { TlsOptions } from "./fetch.ts";

/** What the user says about TLS: files in PEM, as the flags of the same names take them. */
export interface TlsFiles {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** Do not verify the server's certificate. */
  readonly insecure?: boolean | undefined;
}

/** What a connection is made with beside the roots that this machine trusts anyway. */
export interface TlsSettings {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecure?: boolean;
}

/**
 * Read and check the user's certificates. Checked here, because Bun's fetch says "Was there a typo in the url or port?"
 * of a broken one.
 * @throws HttpError `tls-file` (code `usage`) when a file is not what its flag asks for; node's error when one cannot be read
 */
export async function readTls({ caFile, certFile, keyFile, insecure }: TlsFiles): Promise<TlsSettings> {
  if ((certFile === undefined) !== (keyFile === undefined))
    throw new HttpError("tls-file", "--cert-file and --key-file go together: one of them is missing");
  const ca = caFile === undefined ? undefined : await readPem("--ca-file", caFile, certificate);
  const cert = certFile === undefined ? undefined : await readPem("--cert-file", certFile, certificate);
  if (cert !== undefined) expectCurrent(`--cert-file ${certFile}`, certificate(cert));
  const key = keyFile === undefined ? undefined : await readPem("--key-file", keyFile, privateKey);
  if (cert !== undefined && key !== undefined && !certificate(cert).checkPrivateKey(privateKey(key)))
    throw new HttpError(
      "tls-file",
      `Cannot use --key-file ${keyFile}: it is not the key of --cert-file ${certFile}`,
    );
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(insecure && { insecure }),
  };
}

// Loaded only for who has certificates to show: see `tlsOptions`.
const certificate = (pem: string) => new (process.getBuiltinModule("node:crypto").X509Certificate)(pem);
const privateKey = (pem: string) => process.getBuiltinModule("node:crypto").createPrivateKey(pem);

async function readPem(flag: string, path: string, parse: (pem: string) => unknown): Promise<string> {
  // Of a directory node does not say which.
  const pem = await readFile(path, "utf8").catch((error) => Promise.reject(Object.assign(error, { path })));
  try {
    parse(pem);
  } catch (cause) {
    const kind = parse === certificate ? "certificate" : "private key without a pass phrase";
    throw new HttpError("tls-file", `Cannot use ${flag} ${path}: expected a ${kind} in PEM`, { cause });
  }
  return pem;
}

/** Servers end the handshake with one that has expired without a word that fetch would pass on. */
function expectCurrent(named: string, { validFrom, validTo }: X509Certificate): void {
  const [from, until, now] = [Date.parse(validFrom), Date.parse(validTo), Date.now()];
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  const refuse = (why: string, hint: string) =>
    new HttpError("tls-file", `Cannot use ${named}: ${why}`, { hint });
  if (until < now) throw refuse(`it expired on ${day(until)}`, "Ask for a new one.");
  if (from > now) throw refuse(`it is not valid before ${day(from)}`, "Check this machine's clock.");
}

/**
 * Settings as fetch takes them. Trusted are the runtime's own roots, what the machine's administrator trusts (Bun leaves the
 * system's store out unless told), and the user's `ca`. Costs some 15 ms: ask once, and only for https, which alone needs
 * node's module to be loaded.
 */
export function tlsOptions({ ca, cert, key, insecure }: TlsSettings): TlsOptions {
  const { getCACertificates } = process.getBuiltinModule("node:tls");
  return {
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(insecure
      ? { rejectUnauthorized: false }
      : {
          ca: [
            ...new Set([...getCACertificates("default"), ...getCACertificates("system")]),
            ...(ca === undefined ? [] : [ca]),
          ],
        }),
  };
}
