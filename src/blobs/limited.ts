import { ChartroomError } from "../oci/errors.ts";

/**
 * What a stream gives, up to `limit - taken` bytes.
 * @param limit the largest size in bytes of the whole, of which `taken` bytes are there already
 * @throws ChartroomError `invalid` when the stream goes on behind the last byte that there is room for
 */
export async function* limited(
  stream: ReadableStream<Uint8Array>,
  taken: number,
  limit: number,
): AsyncGenerator<Uint8Array> {
  let room = Math.max(0, limit - taken);
  for await (const piece of stream) {
    if (piece.byteLength > room) {
      yield piece.subarray(0, room);
      throw new ChartroomError("invalid", `Content is larger than the ${limit} bytes that it may have`);
    }
    room -= piece.byteLength;
    yield piece;
  }
}
