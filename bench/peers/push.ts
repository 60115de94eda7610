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
  const { headers } = await acknowledged(target, "POST", `/v2/${target.repository}/blobs/uploads/`);
  const { pathname, searchParams } = new URL(headers.get("location") ?? "", `http://${target.host}`);
  searchParams.set("digest", digest);
  return `${pathname}?${searchParams}`;
}

async function acknowledged(
  { host, authorization }: Target,
  method: string,
  path: string,
  body?: Uint8Array,
  type = "application/octet-stream",
): Promise<Response> {
  const answer = await fetch(`http://${host}${path}`, {
    ...{ method, proxy: false, body: (body ?? null) as BodyInit | null },
    headers: { "content-type": type, ...(authorization !== undefined && { authorization }) },
  });
  await answer.arrayBuffer();
  if (answer.ok) return answer;
  throw new Error(`${method} ${path} was answered ${answer.status}`);
}
