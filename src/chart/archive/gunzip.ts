import { crc32 } from "../../oci/hash.ts";
import { hostile } from "./hostile.ts";

// RFC 1952 §2.3.1: the flags that say which optional parts the header has.
const [headerCrc, extra, name, comment, reserved] = [0x02, 0x04, 0x08, 0x10, 0xe0];

/** Checksum and size, behind the deflated data. */
const trailerSize = 8;
/** Bytes that go in at once: no larger pieces come out. */
const sliceSize = 256 * 1024;

/**
 * What a gzip file holds, piece by piece. The file must be one member and nothing behind it: what follows is read by some
 * programs and not by others. Header and trailer are read here and what lies between by raw inflate, which says whether it
 * ends there; the runtime's own gunzip reads member after member. The stream is the Web's: node's module takes 3 ms to load.
 * @param limit the most bytes that may come out, so that a bomb costs nothing
 * @throws ChartroomError `invalid`: not gzip, truncated, damaged, trailing bytes, or larger than `limit`
 */
export async function* gunzip(bytes: Uint8Array, limit: number): AsyncGenerator<Uint8Array> {
  const start = headerEnd(bytes);
  const end = bytes.byteLength - trailerSize;
  if (end < start) throw truncated();
  const { readable, writable } = new DecompressionStream("deflate-raw");
  let taken = false;
  const feed = async () => {
    const writer = writable.getWriter();
    // The cast: types keep out bytes in shared memory, of which we have none.
    for (let at = start; at < end; at += sliceSize)
      await writer.write(bytes.subarray(at, Math.min(at + sliceSize, end)) as Uint8Array<ArrayBuffer>);
    taken = true;
    await writer.close();
  };
  // What it fails with, the readable side tells.
  feed().catch(() => {});
  let size = 0;
  let crc = 0;
  try {
    for await (const chunk of readable) {
      size += chunk.byteLength;
      if (size > limit) throw hostile("too-large", `it unpacks to more than ${limit} bytes`);
      crc = crc32(chunk, crc);
      yield chunk;
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    if ("code" in error && error.code === "ERR_TRAILING_JUNK_AFTER_STREAM_END")
      throw hostile("trailing-bytes", "bytes follow the end of the gzip data");
    // Bytes that are all taken and no end: it would have come later.
    throw taken ? truncated() : hostile("damaged", "the gzip data is damaged");
  }
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + end, trailerSize);
  if (trailer.getUint32(0, true) !== crc || trailer.getUint32(4, true) !== size % 2 ** 32)
    throw hostile("damaged", "the gzip checksum does not match");
}

const truncated = () => hostile("truncated", "the gzip data ends too early");

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
  if (at >= bytes.byteLength) throw truncated();
  return at;
}
