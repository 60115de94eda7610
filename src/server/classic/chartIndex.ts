import { type Eventual, whenThere } from "../../oci/eventual.ts";
import type { Document } from "../../registry/classic/document.ts";
import { answer } from "../answer.ts";
import type { Call } from "../call.ts";
import { codingFor } from "../codings.ts";
import { hasTag } from "../conditions.ts";
import { choiceOf, look, lookedBelow } from "./reach.ts";
import { type AtIndex, contextPath } from "./route.ts";

/** Up to so many bytes go out whole, with their length; more as a stream, in pieces of about as many as fit a socket. */
const wholeLimit = 4 * 1024 * 1024;
const pieceSize = 256 * 1024;

const mediaTypes = { yaml: "application/x-yaml", json: "application/json" } as const;

/**
 * The index of a prefix, as far as its reader may pull. Whoever sees nothing there and might log in is asked to.
 * @throws NotAllowed
 */
export function chartIndex(call: Call, { prefix, form }: AtIndex): Eventual<Response> {
  const wanted = {
    prefix: lookedBelow(call, prefix),
    form,
    choice: choiceOf(call),
    contextPath: call.root + contextPath,
  };
  const open = async () => (await look(call, prefix)).shelf;
  return whenThere(call.registry.currentIndexes.document(wanted, open), (document) =>
    sendDocument(call, document, mediaTypes[form]),
  );
}

/** A document in the coding that its reader asks for. What a HEAD is told, a GET would be told too. */
export function sendDocument(call: Call, document: Document, mediaType: string): Response {
  const { headers, method } = call.request;
  const coding = codingFor(headers.get("accept-encoding"));
  const etag = document.etag(coding);
  // Caches ask each time whether it is still right: it may change with any push, and differs by reader.
  const told = { etag, vary: "Accept-Encoding", "cache-control": "no-cache" };
  if (hasTag(headers, etag)) return answer(304, told);
  const size = document.size(coding);
  const whole = {
    ...told,
    "content-type": mediaType,
    "content-encoding": coding === "identity" ? undefined : coding,
    "content-length": `${size}`,
  };
  if (method === "HEAD") return answer(200, whole);
  if (size > wholeLimit || !call.holds(size))
    return answer(200, whole, call.sending(streamed(document.pieces(coding))));
  return answer(200, whole, Buffer.concat([...document.pieces(coding)], size));
}

/** Pieces as a stream, several at once, made as they are taken. */
const streamed = (pieces: Generator<Uint8Array>): ReadableStream<Uint8Array> =>
  new ReadableStream(
    {
      pull(controller) {
        const held: Uint8Array[] = [];
        for (let size = 0; size < pieceSize; ) {
          const { done, value } = pieces.next();
          if (done) break;
          held.push(value);
          size += value.byteLength;
        }
        if (held.length === 0) controller.close();
        else controller.enqueue(Buffer.concat(held));
      },
    },
    { highWaterMark: 0 },
  );
