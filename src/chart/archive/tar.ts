import { hostile } from "./hostile.ts";

const block = 512;
/** The largest pax header or GNU long name that is read, in bytes; Go's `archive/tar` has the same bound. */
const headerLimit = 1024 * 1024;

export type TarKind = "file" | "directory" | "link" | "special";

/** One entry of an archive. */
export interface TarEntry {
  /** As written in the archive: not safe, not cleaned. */
  readonly name: string;
  readonly kind: TarKind;
  /** In bytes. */
  readonly size: number;
  /** The content; to be called before the next entry is asked for, or not at all. */
  read(): Promise<Uint8Array>;
}

/**
 * The entries of a tar stream: ustar, pax (`path`, `size`; global headers are passed over, as in Go) and GNU long names.
 * Links and devices are told, so that the caller can refuse them.
 * @throws HostileArchive `bad-tar`, `truncated`, `bad-utf8`, `trailing-bytes`
 */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const input = new Blocks(chunks);
  let pax = new Map<string, string>();
  let longName: string | undefined;
  while (true) {
    const header = await input.header();
    if (header === undefined || header.every((byte) => byte === 0)) break;
    checkSum(header);
    const type = String.fromCharCode(header[156]!);
    const size = pax.has("size") ? decimal(pax.get("size")!) : number(header.subarray(124, 136));
    if ("xgLK".includes(type)) {
      if (size > headerLimit) throw hostile("bad-tar", `a tar header has ${size} bytes`);
      const body = await input.take(size);
      if (type === "x") pax = paxRecords(body);
      if (type === "L") longName = text(untilZero(body));
      continue;
    }
    if ([...pax.keys()].some((key) => key.startsWith("GNU.sparse.")) || type === "S")
      throw hostile("bad-tar", "it has a sparse file");
    const name = pax.get("path") ?? longName ?? headerName(header);
    const kind = kindOf(type, name);
    const content = kind === "file" ? size : 0;
    let taken = false;
    yield {
      name,
      kind,
      size: content,
      read: () => {
        taken = true;
        return input.take(content);
      },
    };
    // Links, directories and devices have no content, whatever size they claim (POSIX pax, "typeflag").
    if (!taken) await input.skip(content);
    pax = new Map();
    longName = undefined;
  }
  await input.expectZeros();
}

/** The bytes of a stream in the portions that tar asks for. */
class Blocks {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next header, or undefined where the stream ends instead, as some writers leave the end marker out. */
  async header(): Promise<Uint8Array | undefined> {
    if (this.#rest.byteLength === 0 && !(await this.#more())) return undefined;
    return this.take(block);
  }

  /** The next `size` bytes, and over the padding behind them. */
  async take(size: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(size);
    await this.#each(size, (part, at) => bytes.set(part, at));
    await this.#each(padding(size), () => {});
    return bytes;
  }

  async skip(size: number): Promise<void> {
    await this.#each(size + padding(size), () => {});
  }

  /** The end marker is followed by zeros alone; anything else is content that hides. */
  async expectZeros(): Promise<void> {
    do {
      if (this.#rest.some((byte) => byte !== 0))
        throw hostile("trailing-bytes", "bytes follow the end of the tar archive");
    } while (await this.#more());
  }

  async #each(size: number, use: (part: Uint8Array, at: number) => void): Promise<void> {
    for (let at = 0; at < size; ) {
      if (this.#rest.byteLength === 0 && !(await this.#more()))
        throw hostile("truncated", "the tar archive ends in the middle of an entry");
      const part = this.#rest.subarray(0, size - at);
      use(part, at);
      at += part.byteLength;
      this.#rest = this.#rest.subarray(part.byteLength);
    }
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done === true) return false;
    this.#rest = value;
    return value.byteLength > 0 || this.#more();
  }
}

const padding = (size: number): number => (block - (size % block)) % block;

function kindOf(type: string, name: string): TarKind {
  if (type === "0" || type === "\0" || type === "7") return /[/\\]$/.test(name) ? "directory" : "file";
  if (type === "5") return "directory";
  if (type === "1" || type === "2") return "link";
  return "special";
}

/** The sum of all bytes, the sum's own field counted as blanks; old writers summed signed bytes. */
function checkSum(header: Uint8Array): void {
  let unsigned = 0;
  let signed = 0;
  for (let i = 0; i < block; i++) {
    const byte = i >= 148 && i < 156 ? 0x20 : header[i]!;
    unsigned += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  const written = number(header.subarray(148, 156));
  if (written !== unsigned && written !== signed)
    throw hostile("bad-tar", "a tar header's checksum is wrong");
}

/** A number field: octal digits, or base 256 where the first bit is set (GNU). */
function number(field: Uint8Array): number {
  const value =
    (field[0]! & 0x80) !== 0
      ? field.reduce((sum, byte, i) => sum * 256 + (i === 0 ? byte & 0x7f : byte), 0)
      : octal(latin(field));
  if (!Number.isSafeInteger(value)) throw hostile("bad-tar", "a number in a tar header is too large");
  return value;
}

function octal(field: string): number {
  const digits = field.replace(/^[ \0]+|[ \0].*$/gs, "");
  if (!/^[0-7]*$/.test(digits)) throw hostile("bad-tar", "a number in a tar header is not octal");
  return digits === "" ? 0 : Number.parseInt(digits, 8);
}

function decimal(digits: string): number {
  if (!/^\d{1,15}$/.test(digits)) throw hostile("bad-tar", "a pax header's size is no number");
  return Number(digits);
}

/** A name of up to 100 bytes; POSIX's ustar has 155 more in front of it, where GNU keeps other things. */
function headerName(header: Uint8Array): string {
  const name = text(untilZero(header.subarray(0, 100)));
  if (latin(header.subarray(257, 263)) !== "ustar\0") return name;
  const prefix = text(untilZero(header.subarray(345, 500)));
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** Records of `<length> <key>=<value>\n`, the length counted in bytes and over the whole record. */
function paxRecords(body: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < body.byteLength; ) {
    const digits = /^\d{1,7}(?= )/.exec(latin(body.subarray(at, at + 8)))?.[0] ?? "";
    const end = at + Number(digits);
    const record = body.subarray(at + digits.length + 1, end - 1);
    const equals = record.indexOf(0x3d);
    if (digits === "" || end > body.byteLength || body[end - 1] !== 0x0a || equals < 1)
      throw hostile("bad-tar", "a pax header does not parse");
    const key = text(record.subarray(0, equals));
    if (key === "path" || key === "size" || key.startsWith("GNU.sparse."))
      records.set(key, text(record.subarray(equals + 1)));
    at = end;
  }
  return records;
}

const latin = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

const untilZero = (bytes: Uint8Array): Uint8Array => {
  const zero = bytes.indexOf(0);
  return zero < 0 ? bytes : bytes.subarray(0, zero);
};

function text(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw hostile("bad-utf8", `the name "${latin(bytes)}" is not UTF-8`);
  }
}
