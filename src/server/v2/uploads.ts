import { type Digest, isAlgorithm, tryDigest } from "../../oci/digest.ts";
import { type RepositoryName, tryRepositoryName } from "../../oci/reference.ts";
import { type Chunk, OutOfOrder } from "../../registry/chunk.ts";
import { RegistryError } from "../../registry/errors.ts";
import { type AnswerHeaders, answer } from "../answer.ts";
import type { Call } from "../call.ts";
import { parseChunkRange, uploadRange } from "../range.ts";
import { errorAnswer } from "./errors.ts";

interface InRepository {
  readonly name: RepositoryName;
}
interface At extends InRepository {
  readonly id: string;
}

/**
 * distribution-spec, "Pushing blobs", its three POSTs: a mount that succeeds and a blob sent at once are done, all else
 * opens a session. A mount that fails is no error: the blob is sent then.
 * @throws RegistryError `digestInvalid`
 */
export async function openUpload(call: Call, { name }: InRepository): Promise<Response> {
  const { registry, query, user } = call;
  if (query.has("mount")) {
    const digest = parseDigestParameter(query.get("mount"));
    if (await mount(call, name, digest)) return created(call, name, digest);
  }
  if (query.has("digest")) {
    const digest = parseDigestParameter(query.get("digest"));
    const { uploads } = registry;
    const small = call.request.headers.has("content-range") ? undefined : call.small();
    if (small === undefined) await uploads.receive(name, digest, parseChunk(call));
    else await uploads.receiveSmall(name, digest, small);
    return created(call, name, digest);
  }
  refuseAlgorithm(query.get("digest-algorithm"));
  const { id, offset } = await registry.uploads.open(name, user);
  return answer(202, progress(call, { name, id }, offset));
}

/** How far a session got. @throws RegistryError `uploadUnknown` */
export async function showUpload(call: Call, at: At): Promise<Response> {
  const { offset } = await call.registry.uploads.find({ id: at.id, repository: at.name, user: call.user });
  return answer(204, progress(call, at, offset));
}

/** A chunk, or a stream of any length. @throws RegistryError as `Uploads.append`; `uploadInvalid` */
export async function appendUpload(call: Call, at: At): Promise<Response> {
  const key = { id: at.id, repository: at.name, user: call.user };
  return tellingHowFar(call, at, async () => {
    const chunk = parseChunk(call);
    // No range can say "no bytes", so an empty chunk has none: it changes nothing.
    const { uploads } = call.registry;
    const offset = chunk === undefined ? (await uploads.find(key)).offset : await uploads.append(key, chunk);
    return answer(202, progress(call, at, offset));
  });
}

/** The end of a session, perhaps with its last chunk. @throws RegistryError as `Uploads.finish`; `uploadInvalid` */
export async function finishUpload(call: Call, at: At): Promise<Response> {
  const key = { id: at.id, repository: at.name, user: call.user };
  const digest = parseDigestParameter(call.query.get("digest"));
  return tellingHowFar(call, at, async () => {
    await call.registry.uploads.finish(key, digest, parseChunk(call));
    return created(call, at.name, digest);
  });
}

/** @throws RegistryError `uploadUnknown` */
export async function cancelUpload({ registry, user }: Call, { name, id }: At): Promise<Response> {
  await registry.uploads.cancel({ id, repository: name, user });
  return answer(204);
}

/** A source that the caller may not pull is none: the answer is that of one that is not there. */
async function mount(
  { registry, query, access, user }: Call,
  name: RepositoryName,
  digest: Digest,
): Promise<boolean> {
  const mayPull = (holder: RepositoryName) => access.may(user, "pull", holder);
  const repository = registry.repository(name);
  if (await repository.has({ digest })) return true;
  const from = query.get("from");
  if (from === null) return repository.mount({ digest }, undefined, mayPull);
  const source = tryRepositoryName(from);
  return source !== undefined && repository.mount({ digest }, source, mayPull);
}

/** The request's body as a chunk; undefined when there is none. @throws RegistryError `uploadInvalid`, `sizeInvalid` */
function parseChunk(call: Call): Chunk | undefined {
  const { headers } = call.request;
  const [said, length] = [headers.get("content-range"), headers.get("content-length")];
  const range = said === null ? undefined : parseChunkRange(said);
  if (said !== null && range === undefined)
    throw new RegistryError("uploadInvalid", { details: [{ found: said }] });
  const comes = call.request.body === null ? 0 : (length ?? range?.length);
  if (range !== undefined && Number(comes) !== range.length)
    throw new RegistryError("sizeInvalid", {
      message: "Content-Range and Content-Length do not agree",
      details: [{ expected: range.length, found: Number(comes) }],
    });
  const body = call.body();
  // A body is never shorter or longer than its Content-Length: nothing is left to be counted then.
  const announced = length === null ? undefined : Number(length);
  const must = length === null ? range?.length : undefined;
  return body && { body, given: true, start: range?.start, announced, length: must };
}

/**
 * main's `digest-algorithm` says by what the blob will be named. We need no hint, and only say early that we cannot do it.
 * @throws RegistryError `digestInvalid`
 */
function refuseAlgorithm(name: string | null): void {
  if (name !== null && !isAlgorithm(name))
    throw new RegistryError("digestInvalid", {
      message: "a digest is made by sha256 or sha512 here",
      details: [{ found: name }],
    });
}

function parseDigestParameter(text: string | null): Digest {
  const digest = tryDigest(text ?? "");
  if (digest === undefined) throw new RegistryError("digestInvalid", { details: [{ found: text }] });
  return digest;
}

/** Who has brought a blob is about to push a manifest, and told that it may do so under conditions, need not look first. */
const created = ({ root }: Call, name: RepositoryName, digest: Digest): Response =>
  answer(201, {
    location: `${root}/v2/${name}/blobs/${digest}`,
    "docker-content-digest": digest,
    "chartroom-heeds": "If-Match, If-None-Match",
  });

/** Where a session goes on. `Range` cannot tell no byte from one; `Upload-Offset` can, for clients that know it. */
const progress = ({ root }: Call, { name, id }: At, offset: number): AnswerHeaders => ({
  location: `${root}/v2/${name}/blobs/uploads/${id}`,
  range: uploadRange(offset),
  "docker-upload-uuid": id,
  "upload-offset": `${offset}`,
});

/** A chunk out of order is told where the session ends, so that the client can go on there. */
async function tellingHowFar(call: Call, at: At, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof OutOfOrder) return errorAnswer(error, progress(call, at, error.offset));
    throw error;
  }
}
