import { readFile } from "node:fs/promises";
import { errorCode } from "../../files/filesystem.ts";
import { ChartroomError } from "../../oci/errors.ts";
import type { ServerTls } from "../../server/listener.ts";
import type { ConfigReader } from "./config/reader.ts";

/** What TLS is made from. Paths are absolute. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  /** Whose clients are let in; everybody where there are none. */
  readonly clientCas: readonly string[];
  readonly minimum: "tls1.2" | "tls1.3";
  /** OpenSSL's names of the suites of TLS 1.2; the runtime's own choice where there are none. */
  readonly ciphers: readonly string[];
}

/** Suites of TLS 1.2 that are still sound, by their name in Go and in OpenSSL. */
const suites: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: "ECDHE-ECDSA-AES128-GCM-SHA256",
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: "ECDHE-ECDSA-AES256-GCM-SHA384",
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-ECDSA-CHACHA20-POLY1305",
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: "ECDHE-RSA-AES128-GCM-SHA256",
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: "ECDHE-RSA-AES256-GCM-SHA384",
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-RSA-CHACHA20-POLY1305",
};
/** Of TLS 1.3 nobody chooses: not in Go either. */
const always = /^TLS_(AES_128_GCM_SHA256|AES_256_GCM_SHA384|CHACHA20_POLY1305_SHA256)$/;

/** Flags over the block `http.tls`; undefined for plain HTTP. @throws ChartroomError `usage` */
export function tlsFiles(
  config: ConfigReader,
  flags: { readonly tlsCert?: string; readonly tlsKey?: string },
  absolute: (path: string) => string,
): TlsFiles | undefined {
  const certificate = flags.tlsCert || config.text("http.tls.certificate");
  const key = flags.tlsKey || config.text("http.tls.key");
  const clientCas = config.texts("http.tls.clientcas").map(absolute);
  const clientAuth = config.text("http.tls.clientauth");
  if (clientAuth !== undefined && clientAuth !== "require-and-verify-client-cert")
    throw config.refuse("http.tls.clientauth", "require-and-verify-client-cert");
  // Distribution lets everybody in then. Whoever asks for certificates believes that strangers stay out, as who lists authorities.
  if (clientAuth !== undefined && clientCas.length === 0)
    throw config.refuse("http.tls.clientauth", "http.tls.clientcas beside it");
  if ((certificate === undefined) !== (key === undefined))
    throw new ChartroomError(
      "usage",
      `Cannot serve https: the ${key === undefined ? "key" : "certificate"} is missing`,
      { hint: "--tls-cert and --tls-key go together, and so do http.tls.certificate and http.tls.key." },
    );
  if (certificate === undefined || key === undefined) {
    if (clientCas.length > 0)
      throw config.refuse("http.tls.clientcas", "http.tls.certificate and http.tls.key beside it");
    return undefined;
  }
  return {
    certificate: absolute(certificate),
    key: absolute(key),
    clientCas,
    minimum: config.word("http.tls.minimumtls", ["tls1.2", "tls1.3"]) ?? "tls1.2",
    ciphers: config.items("http.tls.ciphersuites").flatMap((item) => {
      const name = config.text(item) ?? "";
      const found = suites[name];
      if (found === undefined && !always.test(name))
        throw config.refuse(item, `one of ${Object.keys(suites).join(", ")}`);
      return found ?? [];
    }),
  };
}

/**
 * A server's certificate chain, key and clients' authorities, read and checked: what the runtime says of a broken one helps
 * nobody.
 * @throws ChartroomError `invalid` that names the file and what is wrong
 */
export async function readServerTls(files: TlsFiles): Promise<ServerTls> {
  const cert = await readText(files.certificate, "certificate");
  const key = await readText(files.key, "key");
  const leaf = parsed(
    () => new (process.getBuiltinModule("node:crypto").X509Certificate)(cert),
    `certificate ${files.certificate}: expected a chain in PEM`,
  );
  const secret = parsed(
    () => process.getBuiltinModule("node:crypto").createPrivateKey(key),
    `key ${files.key}: expected a private key in PEM without pass phrase`,
  );
  if (!leaf.checkPrivateKey(secret))
    throw new ChartroomError(
      "invalid",
      `Cannot use key ${files.key}: it is not the key of ${files.certificate}`,
      {
        hint: "In the certificate's file the server's own one stands first.",
      },
    );
  const clientCas: string[] = [];
  for (const path of files.clientCas) {
    const authority = await readText(path, "certificate");
    parsed(
      () => new (process.getBuiltinModule("node:crypto").X509Certificate)(authority),
      `certificate ${path}: expected an authority in PEM`,
    );
    clientCas.push(authority);
  }
  return { cert, key, clientCas, minimum: files.minimum, ciphers: files.ciphers };
}

/**
 * Read the files again every so often, and hand on what changed. A state that does not fit, as between the writing of a
 * certificate and of its key, changes nothing; it is told once, and looked at again.
 * @param every in ms
 * @returns stops it
 */
export function followServerTls(
  files: TlsFiles,
  first: ServerTls,
  every: number,
  changed: (tls: ServerTls) => void,
  warn: (message: string) => void,
): () => void {
  let [known, told] = [JSON.stringify(first), ""];
  const look = async () => {
    try {
      const found = await readServerTls(files);
      told = "";
      const fresh = JSON.stringify(found);
      if (fresh === known) return;
      changed(found);
      known = fresh;
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error);
      if (trouble !== told) warn(`${trouble}; the certificate known before stays`);
      told = trouble;
    }
  };
  const timer = setInterval(() => void look(), every);
  timer.unref();
  return () => clearInterval(timer);
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const why = errorCode(cause) === "ENOENT" ? "no such file" : (cause as Error).message;
    throw new ChartroomError("invalid", `Cannot read ${what} ${path}: ${why}`, {
      cause,
    });
  }
}

function parsed<T>(parse: () => T, what: string): T {
  try {
    return parse();
  } catch (cause) {
    throw new ChartroomError("invalid", `Cannot use ${what}`, { cause });
  }
}
