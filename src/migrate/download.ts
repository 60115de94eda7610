import type { Answer } from "../http/answer.ts";
import { HttpError } from "../http/errors.ts";
import { backOff } from "../http/retry.ts";
import type { HttpRequest, Transport } from "../http/transport.ts";
import { ChartroomError, type ErrorCode } from "../oci/errors.ts";
import type { Admit } from "./room.ts";
import { shownUrl } from "./urls.ts";

/** How often a body that breaks off is gone on with. */
const breaksLimit = 5;

const codes: Record<number, ErrorCode> = {
  401: "not_allowed",
  403: "not_allowed",
  404: "not_found",
  410: "not_found",
};

/** The error for an answer that is not what was asked for. */
export const refused = ({ status, url }: Pick<Answer, "status" | "url">): ChartroomError =>
  new ChartroomError(codes[status] ?? "remote", `Cannot fetch ${shownUrl(url)}: HTTP ${status}`, {
    ...(codes[status] === "not_allowed" && {
      hint: "A login is given with -u and --password-stdin; to migrate, --source-username and --source-password-stdin.",
    }),
  });

/**
 * A whole file of at most `limit` bytes. When the connection breaks, the rest is asked for by range, unless the server says
 * that it is another file by now.
 * @param admit asked for room for what is about to be held
 * @throws ChartroomError for an answer other than 200; HttpError when the network fails, or when there is more
 */
export async function download(
  transport: Transport,
  request: Omit<HttpRequest, "method">,
  limit: number,
  admit?: Admit,
): Promise<Uint8Array> {
  const had: Uint8Array[] = [];
  let size = 0;
  let validator: string | null = null;
  for (let breaks = 1; ; breaks++) {
    const goesOn = size > 0 && validator !== null;
    const range = goesOn ? { range: `bytes=${size}-`, "if-range": validator ?? "" } : {};
    const answer = await transport.send({
      ...request,
      method: "GET",
      headers: { ...request.headers, ...range },
    });
    const isRest = answer.status === 206 && goesOn && startOf(answer) === size;
    if (answer.status !== 200 && !isRest) {
      await answer.discard();
      throw refused(answer);
    }
    if (!isRest) {
      had.length = 0;
      size = 0;
      validator = strongOf(answer);
    }
    try {
      for await (const chunk of answer.body) {
        size += chunk.byteLength;
        if (size > limit)
          throw new HttpError(
            "too-long",
            `Cannot fetch ${shownUrl(request.url)}: it is longer than ${limit} bytes`,
          );
        await admit?.(size);
        had.push(chunk);
      }
      return new Uint8Array(Buffer.concat(had));
    } catch (error) {
      const broke = error instanceof HttpError && (error.reason === "dropped" || error.reason === "timeout");
      if (!broke || breaks === breaksLimit) throw error;
      await transport.sleep(backOff(breaks));
    }
  }
}

/** Where the part begins that a 206 brings. */
const startOf = ({ headers }: Answer): number =>
  Number(/^bytes (\d+)-/.exec(headers.get("content-range") ?? "")?.[1] ?? Number.NaN);

/** What tells a file from its later self; a weak tag may not be asked with (RFC 9110 §13.1.5). */
function strongOf({ headers }: Answer): string | null {
  const etag = headers.get("etag");
  return etag !== null && !etag.startsWith("W/") ? etag : null;
}
