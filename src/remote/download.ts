import { emptyStream } from "../http/body.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { ChartroomError } from "../oci/errors.ts";
import type { ByteRange } from "../oci/repository.ts";
import { nonsense } from "./errors.ts";
import { mayPass, Patience } from "./patience.ts";
import type { Session } from "./session.ts";

/**
 * A blob's bytes, or a range of them. When the connection breaks on the way, the rest is asked for, so that a long
 * download outlives a short fault.
 * @param path of the blob below the registry's origin
 * @throws ChartroomError `not_found` when it is not there; the stream fails with `not_verified` when a range is cut short
 */
export async function download(
  session: Session,
  path: string,
  blob: Descriptor,
  range: ByteRange | undefined,
): Promise<ReadableStream<Uint8Array>> {
  const doing = `read blob ${blob.digest} from ${session.registry}`;
  const end = range?.end ?? blob.size;
  let at = range?.start ?? 0;
  // No Range header can say "nothing" (RFC 9110 §14.1.2): both its ends are inclusive.
  if (at === end && blob.size > 0) return emptyStream();
  const patience = new Patience((ms) => session.transport.sleep(ms));
  const open = async () => (await openAt(session, doing, path, at, { end, size: blob.size })).getReader();
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined = await open();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          try {
            reader ??= await open();
            const { done, value } = await reader.read();
            if (done) return controller.close();
            at += value.byteLength;
            patience.renew();
            return controller.enqueue(value);
          } catch (error) {
            if (!mayPass(error)) throw error;
            reader = undefined;
            await patience.wait(error);
          }
        }
      },
      cancel: (reason) => reader?.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

async function openAt(
  session: Session,
  doing: string,
  path: string,
  start: number,
  { end, size }: { end: number; size: number },
): Promise<ReadableStream<Uint8Array>> {
  const whole = start === 0 && end === size;
  const headers = whole ? {} : { range: `bytes=${start}-${end - 1}` };
  const get = (more: Record<string, string>, ...statuses: number[]) =>
    session.send({ doing, method: "GET", to: path, headers: more, statuses: [200, ...statuses] });
  let answer = await get(headers, 206, ...(whole ? [] : [416]));
  if (answer.status === 416) {
    // The range lies within the blob: this server has its own idea of ranges.
    await answer.discard();
    answer = await get({});
  }
  if (whole) return answer.body;
  // A server may ignore Range and send it all (RFC 9110 §14.2).
  if (answer.status === 200) return cut(answer.body, start, end - start, doing);
  if (!answer.headers.get("content-range")?.startsWith(`bytes ${start}-`)) {
    await answer.discard();
    throw nonsense(doing, `the registry gave other bytes than ${start} to ${end - 1}`);
  }
  return cut(answer.body, 0, end - start, doing);
}

/** `take` bytes of a stream, after `skip` bytes; what follows is not read. */
function cut(
  stream: ReadableStream<Uint8Array>,
  skip: number,
  take: number,
  doing: string,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  let [toSkip, left] = [skip, take];
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        while (left > 0) {
          const { done, value } = await reader.read();
          if (done)
            throw new ChartroomError(
              "not_verified",
              `Cannot ${doing}: it ended ${left} bytes before its end`,
            );
          const part = value.subarray(Math.min(toSkip, value.byteLength)).subarray(0, left);
          toSkip -= Math.min(toSkip, value.byteLength);
          left -= part.byteLength;
          if (part.byteLength > 0) return controller.enqueue(part);
        }
        await reader.cancel();
        controller.close();
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
