const key = random(32);
const sizes = { nonce: 12, tag: 16 };

/** Shorter text is filled up to this with NUL, or its length would tell of it: no repository's name is longer. */
const least = 255;

/** Text without NUL for a client to bring back that it shall not read: AES-256-GCM, by a key that lives as long as this process. */
export function seal(text: string): string {
  const nonce = random(sizes.nonce);
  const cipher = process.getBuiltinModule("node:crypto").createCipheriv("aes-256-gcm", key, nonce);
  const filled = cipher.update(text.padEnd(least, "\0"), "utf8");
  return Buffer.concat([nonce, filled, cipher.final(), cipher.getAuthTag()]).toString("base64url");
}

/** What was sealed; undefined when it was not, or by another process. */
export function unseal(sealed: string): string | undefined {
  const bytes = Buffer.from(sealed, "base64url");
  if (bytes.byteLength < sizes.nonce + sizes.tag) return undefined;
  const { createDecipheriv } = process.getBuiltinModule("node:crypto");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, sizes.nonce), {
    authTagLength: sizes.tag,
  });
  decipher.setAuthTag(bytes.subarray(-sizes.tag));
  try {
    const filled = decipher.update(bytes.subarray(sizes.nonce, -sizes.tag), undefined, "utf8");
    return (filled + decipher.final("utf8")).replace(/\0+$/, "");
  } catch {
    return undefined;
  }
}

function random(size: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(size));
}
