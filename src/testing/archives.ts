import { gzipSync } from "node:zlib";

/** An entry as an attacker may write it: any name, any type, any claim. */
export interface RawEntry {
  readonly name: string | Uint8Array;
  readonly content?: string | Uint8Array;
  /** One character; "0" is a file. */
  readonly type?: string;
  /** What the header claims, if not the truth. */
  readonly size?: number;
  readonly linkName?: string;
  readonly magic?: "ustar\x0000" | "ustar  \0" | "";
  readonly prefix?: string;
  readonly mode?: number;
}

const bytesOf = (content: string | Uint8Array): Uint8Array =>
  typeof content === "string" ? new TextEncoder().encode(content) : content;

/** One entry, header and padded content, written by hand so that nothing is tidied up on the way. */
export function rawEntry(entry: RawEntry): Uint8Array {
  const content = bytesOf(entry.content ?? "");
  const header = Buffer.alloc(512);
  header.set(bytesOf(entry.name).subarray(0, 100), 0);
  const octal = (at: number, width: number, value: number) =>
    header.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at, "latin1");
  octal(100, 8, entry.mode ?? 0o644);
  octal(108, 8, 0);
  octal(116, 8, 0);
  octal(124, 12, entry.size ?? content.byteLength);
  octal(136, 12, 0);
  header.write(" ".repeat(8), 148, "latin1");
  header.write(entry.type ?? "0", 156, "latin1");
  header.write(entry.linkName ?? "", 157, "latin1");
  header.write(entry.magic ?? "ustar\x0000", 257, "latin1");
  header.write(entry.prefix ?? "", 345, "latin1");
  octal(
    148,
    7,
    header.reduce((sum, byte) => sum + byte, 0),
  );
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.byteLength % 512)) % 512)]);
}

/** A pax header with these records, for the entry that follows; `g` makes it global. */
export function paxHeader(
  records: Readonly<Record<string, string | Uint8Array>>,
  type: "x" | "g" = "x",
): Uint8Array {
  const lines = Object.entries(records).map(([key, value]) => {
    const body = Buffer.concat([bytesOf(` ${key}=`), bytesOf(value), bytesOf("\n")]);
    let length = body.byteLength + 1;
    while (length !== body.byteLength + String(length).length)
      length = body.byteLength + String(length).length;
    return Buffer.concat([bytesOf(String(length)), body]);
  });
  return rawEntry({ name: "pax", type, content: Buffer.concat(lines) });
}

/** A tar archive of ready parts, with its end. */
export const rawTar = (parts: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat([...parts, Buffer.alloc(1024)]);

/** A `.tgz` of a small chart and the given parts. */
export const hostileArchive = (...parts: readonly Uint8Array[]): Uint8Array =>
  gzipSync(rawTar([rawEntry({ name: "c/Chart.yaml", content: "name: c\nversion: 1.0.0\n" }), ...parts]));
