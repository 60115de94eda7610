import type { Content } from "../../src/testing/artifacts.ts";

/** How often it tries: a cut costs one, and a server that has not noticed it yet some more. */
const patience = 50;

/**
 * Push a blob by what the specification says alone: after each failure ask the session how far it got, and go on there.
 * @param origin where the registry is, like `http://127.0.0.1:5000`; the way there may break
 * @param chunk in bytes; the last goes with the PUT that ends the session
 * @throws Error when it comes to no end
 */
export async function pushPlainly(
  origin: string,
  repository: string,
  { bytes, descriptor: { digest } }: Content,
  chunk: number,
): Promise<void> {
  let session: string | undefined;
  let failure: unknown;
  for (let left = patience; left > 0; left--)
    try {
      session ??= await opened(`${origin}/v2/${repository}/blobs/uploads/`);
      const start = await offsetOf(session);
      // The answer to the last PUT was lost, and with it the session ended.
      if (start === undefined) return;
      const end = Math.min(start + chunk, bytes.byteLength);
      const last = end === bytes.byteLength;
      const { status } = await fetch(last ? `${session}?digest=${digest}` : session, {
        method: last ? "PUT" : "PATCH",
        ...(end > start && {
          headers: { "content-range": `${start}-${end - 1}`, "content-type": "application/octet-stream" },
          body: bytes.slice(start, end),
        }),
      });
      if (status === 201) return;
      // 416: what was cut off has come a little further meanwhile.
      if (status !== 202 && status !== 416) throw new Error(`an answer of ${status}`);
      if (status === 202) left = patience;
    } catch (error) {
      failure = error;
    }
  throw new Error(`no end after ${patience} tries, the last of which: ${failure}`);
}

/** Open a session. Gives its address. */
async function opened(url: string): Promise<string> {
  const { status, headers } = await fetch(url, { method: "POST" });
  if (status !== 202) throw new Error(`an answer of ${status}`);
  return new URL(headers.get("location") ?? "", url).href;
}

/** Where a session has come to, in bytes; undefined when it is over. */
async function offsetOf(session: string): Promise<number | undefined> {
  const { status, headers } = await fetch(session);
  if (status === 404) return undefined;
  if (status !== 204) throw new Error(`an answer of ${status}`);
  const [, last] = headers.get("range")?.split("-") ?? [];
  // Of no bytes at all Range cannot tell; our own header can.
  return headers.get("upload-offset") === "0" ? 0 : Number(last) + 1;
}
