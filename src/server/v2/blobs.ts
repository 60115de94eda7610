import type { Digest } from "../../oci/digest.ts";
import { free } from "../../oci/free.ts";
import { mediaTypes } from "../../oci/mediaTypes.ts";
import type { RepositoryName } from "../../oci/reference.ts";
import { RegistryError } from "../../registry/errors.ts";
import { answer } from "../answer.ts";
import type { Call } from "../call.ts";
import { etagOf, hasTag, isRangeWanted } from "../conditions.ts";
import { parseRange } from "../range.ts";

interface At {
  readonly name: RepositoryName;
  readonly digest: Digest;
}

/**
 * Up to so many bytes are read before they are answered; more go out as a stream. Bun takes the Content-Length off a
 * stream and sends it chunked (oven-sh/bun#10507), and some clients want that header: nearly all charts get theirs so, as
 * long as there is room for them (`Wholes`).
 */
const wholeLimit = 4 * 1024 * 1024;

/**
 * distribution-spec, "Pulling blobs": whole, or one range. What a HEAD is told, a GET would be told too.
 * @throws RegistryError `blobUnknown`
 */
export async function pullBlob(
  call: Call,
  { name, digest }: At,
  mediaType: string = mediaTypes.octets,
): Promise<Response> {
  const { headers, method } = call.request;
  const repository = call.registry.repository(name);
  const size = await (method === "HEAD" ? repository.keep({ digest }) : repository.stat({ digest }));
  if (size === undefined) throw new RegistryError("blobUnknown", { details: [{ name, digest }] });
  const etag = etagOf(digest);
  const told = { "docker-content-digest": digest, etag, "accept-ranges": "bytes" };
  if (hasTag(headers, etag)) return answer(304, told);
  // A Range is for GET alone (RFC 9110 §14.2).
  const ranged = method === "GET" && isRangeWanted(headers, etag);
  const range = ranged ? parseRange(headers.get("range"), size) : undefined;
  if (range === "unsatisfiable") return answer(416, { ...told, "content-range": `bytes */${size}` });
  call.notifications?.pulledBlob(name, { digest, size });
  const { start, end } = range ?? { start: 0, end: size };
  const whole = {
    ...told,
    "content-type": mediaType,
    "content-length": `${end - start}`,
    "content-range": range && `bytes ${start}-${end - 1}/${size}`,
  };
  if (method === "HEAD") return answer(200, whole);
  const isWhole = end - start <= wholeLimit && call.holds(end - start);
  const status = range === undefined ? 200 : 206;
  if (isWhole) {
    const bytes =
      range === undefined
        ? await repository.bytes({ digest })
        : await new Response(await repository.blob({ digest }, range)).bytes();
    const response = answer(status, whole, bytes);
    // An answer has a copy of its own (Bun 1.4.5): what it was made of lay in memory until garbage was collected.
    free(bytes);
    return response;
  }
  // Bun has sent a piece, or copied what the socket did not take, before it asks for the next (1.4.5; server.test.ts).
  return answer(status, whole, call.sending(await repository.blob({ digest }, range, "lent")));
}

/**
 * distribution-spec, "Deleting Blobs". @throws RegistryError `blobUnknown`; `blobInUse` while a manifest of the
 * repository names it
 */
export async function deleteBlob({ registry }: Call, { name, digest }: At): Promise<Response> {
  if (await registry.repository(name).deleteBlob(digest)) return answer(202);
  throw new RegistryError("blobUnknown", { details: [{ name, digest }] });
}
