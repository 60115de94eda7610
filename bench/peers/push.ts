import type { Artifact, Content } from "../../src/testing/artifacts.ts";

/** Where things are pushed to. */
export interface Target {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly repository: string;
  /** An Authorization header. */
  readonly authorization?: string | undefined;
}

/** Push an artifact as every registry takes it: each blob by POST and PUT, then the manifest under a tag. */
export async function push(
  target: Target,
  { blobs, bytes, descriptor }: Artifact,
  tag: string,
): Promise<void> {
  for (const blob of blobs) await pushBlob(target, blob);
  await acknowledged(target, "PUT", `/v2/${target.repository}/manifests/${tag}`, bytes, descriptor.mediaType);
}

export async function pushBlob(target: Target, { bytes, descriptor }: Content): Promise<void> {
  await acknowledged(target, "PUT", await placeOf(target, descriptor.digest), bytes);
}

/** Open an upload, and give the path and query that its bytes are to be put at. */
export async function placeOf(target: Target, digest: string): Promise<string> {
  return finishing(
    target,
    await acknowledged(target, "POST", `/v2/${target.repository}/blobs/uploads/`),
    digest,
  );
}

/** Push a blob in chunks of `size` bytes by PATCH, and a PUT at the end. */
export async function pushInChunks(
  target: Target,
  { bytes, descriptor }: Content,
  size: number,
): Promise<void> {
  let answer = await acknowledged(target, "POST", `/v2/${target.repository}/blobs/uploads/`);
  for (let at = 0; at < bytes.byteLength; at += size) {
    const chunk = bytes.subarray(at, at + size);
    const range = { "content-range": `${at}-${at + chunk.byteLength - 1}` };
    answer = await acknowledged(target, "PATCH", locationOf(target, answer).href, chunk, undefined, range);
  }
  await acknowledged(target, "PUT", finishing(target, answer, descriptor.digest));
}

const locationOf = ({ host }: Target, { headers }: Response): URL =>
  new URL(headers.get("location") ?? "", `http://${host}`);

/** Where an upload that got so far is finished. */
function finishing(target: Target, answer: Response, digest: string): string {
  const { pathname, searchParams } = locationOf(target, answer);
  searchParams.set("digest", digest);
  return `${pathname}?${searchParams}`;
}

async function acknowledged(
  { host, authorization }: Target,
  method: string,
  path: string,
  body?: Uint8Array,
  type = "application/octet-stream",
  more: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const answer = await fetch(new URL(path, `http://${host}`), {
    ...{ method, proxy: false, body: (body ?? null) as BodyInit | null },
    headers: { "content-type": type, ...more, ...(authorization !== undefined && { authorization }) },
  });
  await answer.arrayBuffer();
  if (answer.ok) return answer;
  throw new Error(`${method} ${path} was answered ${answer.status}`);
}
