import { jsonBytes } from "../oci/json.ts";

/** Headers of an answer; one that is undefined is left out. */
export type AnswerHeaders = Readonly<Record<string, string | undefined>>;

/**
 * An answer. Its body is bytes or a stream and never text: for text, Bun adds a charset to the type, which
 * distribution-spec wants bare ("Pulling manifests").
 */
export function answer(
  status: number,
  headers: AnswerHeaders = {},
  body: Uint8Array | ReadableStream<Uint8Array> | null = null,
): Response {
  // A plain object: Headers that are filled one by one and then copied took a tenth of a small answer.
  const told: Record<string, string> = {};
  for (const name in headers) if (headers[name] !== undefined) told[name] = headers[name];
  if (body instanceof Uint8Array) told["content-length"] = `${body.byteLength}`;
  return new Response(body as BodyInit | null, { status, headers: told });
}

/** An answer in JSON. */
export const jsonAnswer = (value: unknown, status = 200, headers: AnswerHeaders = {}): Response =>
  answer(status, { "content-type": "application/json", ...headers }, jsonBytes(value));
