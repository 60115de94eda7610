/**
 * What makes an archive reproducible, all in one place: nothing of the machine, its clock or its users gets in. Changing
 * any of these changes the digest of every packed chart, and is a breaking release.
 */
const fixed = {
  /** Charts hold text for everyone to read; Helm writes the same. */
  mode: 0o644,
  /** Nobody's: the same under every account. */
  owner: 0,
  /**
   * 1980-02-01T00:00:00Z. One constant, since a checkout has no true times. Not 0: GNU tar warns of 1970 as implausible,
   * and tools that go through zip know nothing before 1980, in no time zone.
   */
  modified: 318_211_200,
} as const;

const utf8 = new TextEncoder();
const block = 512;

/**
 * A tar archive of files in the given order: ustar, and a pax header for a name that is longer than 100 bytes or not
 * ASCII. The same files give the same bytes, always.
 */
export function writeTar(
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
): Uint8Array {
  const parts = files.flatMap(({ name, bytes }) => [
    ...nameHeader(name),
    header(name, bytes.byteLength, "0"),
    bytes,
  ]);
  const size = parts.reduce((sum, part) => sum + padded(part.byteLength), 0);
  // Two empty blocks are the end (POSIX pax, "ustar Interchange Format").
  const tar = new Uint8Array(size + 2 * block);
  let at = 0;
  for (const part of parts) {
    tar.set(part, at);
    at += padded(part.byteLength);
  }
  return tar;
}

const padded = (size: number): number => Math.ceil(size / block) * block;

/** What tells the full name of an entry whose header cannot hold it. */
function nameHeader(name: string): Uint8Array[] {
  if (/^[\x20-\x7e]{1,100}$/.test(name)) return [];
  const record = (counted: number) => utf8.encode(`${counted} path=${name}\n`);
  // The length counts its own digits.
  let length = record(0).byteLength;
  while (record(length).byteLength !== length) length = record(length).byteLength;
  return [header("PaxHeaders/path", length, "x"), record(length)];
}

function header(name: string, size: number, type: "0" | "x"): Uint8Array {
  const bytes = new Uint8Array(block);
  const put = (at: number, text: string) => bytes.set(utf8.encode(text), at);
  const putOctal = (at: number, width: number, value: number) =>
    put(at, `${value.toString(8).padStart(width - 1, "0")}\0`);
  bytes.set(utf8.encode(name).subarray(0, 100), 0);
  putOctal(100, 8, fixed.mode);
  putOctal(108, 8, fixed.owner);
  putOctal(116, 8, fixed.owner);
  putOctal(124, 12, size);
  putOctal(136, 12, fixed.modified);
  put(148, " ".repeat(8));
  put(156, type);
  put(257, "ustar\x0000");
  putOctal(329, 8, 0);
  putOctal(337, 8, 0);
  putOctal(
    148,
    7,
    bytes.reduce((sum, byte) => sum + byte, 0),
  );
  return bytes;
}
