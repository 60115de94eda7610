import { crc32, createInflateRaw, inflateRawSync } from "node:zlib";
import { hostile } from "./hostile.ts";

// RFC 1952 §2.3.1: the flags that say which optional parts the header has.
const [headerCrc, extra, name, comment, reserved] = [0x02, 0x04, 0x08, 0x10, 0xe0];

/**
 * So many bytes are unpacked here and now, if no more than so many come of them: most charts. By way of a stream and a thread that
 * takes a chart of 5 KB 50 to 150 µs in place of 15.
 */
const atOnce = { packed: 64 * 1024, unpacked: 1024 * 1024 };

/**
 * What a gzip file holds, piece by piece. The file must be one member and nothing behind it: what follows is read by some
 * programs and not by others. The header is read here and the rest by raw inflate, since that tells where the member ends;
 * `createGunzip` passes over or trips on trailing bytes, by runtime (measured: Bun 1.4.5 and Node 20 differ).
 * @param limit the most bytes that may come out, so that a bomb costs nothing
 * @throws ChartroomError `invalid`: not gzip, truncated, damaged, trailing bytes, or larger than `limit`
 */
export async function* gunzip(bytes: Uint8Array, limit: number): AsyncGenerator<Uint8Array> {
  let end = headerEnd(bytes);
  let size = 0;
  let crc = 0;
  try {
    const took = (count: number) => {
      end += count;
    };
    for await (const chunk of inflated(bytes.subarray(end), took)) {
      size += chunk.byteLength;
      if (size > limit) throw hostile("too-large", `it unpacks to more than ${limit} bytes`);
      crc = crc32(chunk, crc);
      yield chunk;
    }
  } catch (error) {
    if (codeOf(error) === "Z_BUF_ERROR") throw hostile("truncated", "the gzip data ends too early");
    if (codeOf(error)?.startsWith("Z_")) throw hostile("damaged", "the gzip data is damaged");
    throw error;
  }
  if (bytes.byteLength < end + 8) throw hostile("truncated", "the gzip data ends too early");
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + end, 8);
  if (trailer.getUint32(0, true) !== crc || trailer.getUint32(4, true) !== size % 2 ** 32)
    throw hostile("damaged", "the gzip checksum does not match");
  if (bytes.byteLength > end + 8) throw hostile("trailing-bytes", "bytes follow the end of the gzip data");
}

/** What raw deflate holds. @param took is told of how many of the bytes, once that is all */
async function* inflated(bytes: Uint8Array, took: (count: number) => void): AsyncGenerator<Uint8Array> {
  const whole = bytes.byteLength <= atOnce.packed ? inflatedAtOnce(bytes) : undefined;
  if (whole !== undefined) {
    yield whole.buffer;
    return took(whole.engine.bytesWritten);
  }
  const inflate = createInflateRaw();
  inflate.end(bytes);
  yield* inflate as AsyncIterable<Uint8Array>;
  took(inflate.bytesWritten);
}

/** The same at once; undefined where it is too much for that. */
function inflatedAtOnce(bytes: Uint8Array): Inflated | undefined {
  try {
    const whole: Buffer | Inflated = inflateRawSync(bytes, { info: true, maxOutputLength: atOnce.unpacked });
    return whole instanceof Uint8Array ? undefined : whole;
  } catch (error) {
    if (codeOf(error) === "ERR_BUFFER_TOO_LARGE") return undefined;
    throw error;
  }
}

/** What node answers where `info` is asked for (nodejs.org/api/zlib.html, "Class: Options"). */
interface Inflated {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

/** Where the header ends and the deflated data begins. */
function headerEnd(bytes: Uint8Array): number {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) throw hostile("not-gzip", "it is not gzip");
  const flags = bytes[3] ?? 0;
  if (bytes.byteLength >= 4 && (bytes[2] !== 8 || (flags & reserved) !== 0))
    throw hostile("not-gzip", "it is not gzip as RFC 1952 has it");
  let at = 10;
  const pastZero = (from: number) => {
    const zero = bytes.indexOf(0, from);
    return zero < 0 ? Number.POSITIVE_INFINITY : zero + 1;
  };
  if ((flags & extra) !== 0) at += 2 + (bytes[at] ?? 0) + (bytes[at + 1] ?? 0) * 256;
  if ((flags & name) !== 0) at = pastZero(at);
  if ((flags & comment) !== 0) at = pastZero(at);
  if ((flags & headerCrc) !== 0) at += 2;
  if (at >= bytes.byteLength) throw hostile("truncated", "the gzip data ends too early");
  return at;
}
