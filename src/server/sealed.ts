import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const key = randomBytes(32);
const sizes = { nonce: 12, tag: 16 };

/** Text for a client to bring back that it shall not read: AES-256-GCM, by a key that lives as long as this process. */
export function seal(text: string): string {
  const nonce = randomBytes(sizes.nonce);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]).toString(
    "base64url",
  );
}

/** What was sealed; undefined when it was not, or by another process. */
export function unseal(sealed: string): string | undefined {
  const bytes = Buffer.from(sealed, "base64url");
  if (bytes.byteLength < sizes.nonce + sizes.tag) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, sizes.nonce), {
    authTagLength: sizes.tag,
  });
  decipher.setAuthTag(bytes.subarray(-sizes.tag));
  try {
    return (
      decipher.update(bytes.subarray(sizes.nonce, -sizes.tag), undefined, "utf8") + decipher.final("utf8")
    );
  } catch {
    return undefined;
  }
}
