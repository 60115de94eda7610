import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { errorCode } from "../../files/filesystem.ts";
import { ChartroomError } from "../../oci/errors.ts";

/**
 * A server's certificate chain and key, read and checked: what the runtime says of a broken one helps nobody.
 * @throws ChartroomError `invalid` that names the file and what is wrong
 */
export async function readServerTls(files: {
  readonly certificate: string;
  readonly key: string;
}): Promise<{ cert: string; key: string }> {
  const cert = await readText(files.certificate, "certificate");
  const key = await readText(files.key, "key");
  const leaf = parsed(
    () => new X509Certificate(cert),
    `certificate ${files.certificate}: expected a chain in PEM`,
  );
  const secret = parsed(
    () => createPrivateKey(key),
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
  return { cert, key };
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
