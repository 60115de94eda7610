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
  const told = new Headers();
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) told.set(name, value);
  if (body instanceof Uint8Array) told.set("content-length", `${body.byteLength}`);
  return new Response(body as BodyInit | null, { status, headers: told });
}

/** An answer in JSON. */
export const jsonAnswer = (value: unknown, status = 200, headers: AnswerHeaders = {}): Response =>
  answer(status, { "content-type": "application/json", ...headers }, jsonBytes(value));
