import { type Descriptor, describe } from "../oci/descriptor.ts";
import { parseDigest, tryDigest } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { parseManifest } from "../oci/manifest.ts";
import { mediaTypes } from "../oci/mediaTypes.ts";
import { parseRegistryHost, type RegistryHost, type Tag } from "../oci/reference.ts";
import type { Expected } from "../oci/repository.ts";
import { MemoryRepository } from "./repository.ts";
import { streamOf } from "./streams.ts";

/** A registry that a test can spoil. */
export interface TestRegistry {
  readonly host: RegistryHost;
  readonly origin: string;
  /** What its one repository holds. */
  readonly repository: MemoryRepository;
  /** What it was asked, as `METHOD path?query`, in order. */
  readonly requests: string[];
  stop(): Promise<void>;
}

/** Answers in the registry's stead, or looks on and gives undefined. */
export type Spoil = (request: Request, url: URL) => Response | undefined | Promise<Response | undefined>;

/**
 * A small registry on 127.0.0.1 with one repository, whatever it is called, over a `MemoryRepository`. It knows conditions
 * and upload sessions; in all it does not know it is as plain as the specification lets it be.
 */
export function testRegistry(
  spoil: Spoil = () => undefined,
  tls?: Bun.TLSOptions,
  alter: (response: Response) => Response = (response) => response,
): TestRegistry {
  const repository = new MemoryRepository();
  const sessions = new Map<string, Uint8Array>();
  const requests: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    ...(tls !== undefined && { tls }),
    async fetch(request) {
      const url = new URL(request.url);
      requests.push(`${request.method} ${url.pathname}${url.search}`);
      return (await spoil(request, url)) ?? alter(await answer(request, url, repository, sessions));
    },
  });
  const name = `localhost:${server.port}`;
  return {
    host: parseRegistryHost(name),
    origin: `${tls === undefined ? "http" : "https"}://${name}`,
    repository,
    requests,
    stop: () => server.stop(true),
  };
}

/** A registry of before OCI 1.1: it has no API for referrers and says nothing of subjects. */
export const oldRegistry = (): TestRegistry =>
  testRegistry(
    (_request, { pathname }) => (pathname.includes("/referrers/") ? refuse(404, "NOT_FOUND") : undefined),
    undefined,
    (response) => {
      response.headers.delete("oci-subject");
      return response;
    },
  );

/** An error as distribution-spec has it. */
export const refuse = (
  status: number,
  code: string,
  message = "no",
  headers: Record<string, string> = {},
): Response => Response.json({ errors: [{ code, message }] }, { status, headers });

async function answer(
  request: Request,
  url: URL,
  repository: MemoryRepository,
  sessions: Map<string, Uint8Array>,
): Promise<Response> {
  if (url.pathname === "/v2/") return Response.json({});
  const [, kind, rest = ""] =
    /^\/v2\/.+?\/(manifests|blobs\/uploads|blobs|tags|referrers)\/(.*)$/.exec(
      decodeURIComponent(url.pathname),
    ) ?? [];
  if (kind === "tags") return tags(url, repository);
  if (kind === "referrers") return referrers(rest, repository);
  if (kind === "manifests") return manifests(request, rest as Tag, repository);
  if (kind === "blobs") return blob(request, rest, repository);
  if (kind === "blobs/uploads") return upload(request, url, rest, repository, sessions);
  return refuse(404, "NAME_UNKNOWN");
}

async function tags(url: URL, repository: MemoryRepository): Promise<Response> {
  const last = url.searchParams.get("last") ?? undefined;
  return Response.json({ tags: await Array.fromAsync(repository.tags(last as Tag | undefined)) });
}

async function referrers(subject: string, repository: MemoryRepository): Promise<Response> {
  const list = await Array.fromAsync(repository.referrers(parseDigest(subject)));
  return Response.json(
    { schemaVersion: 2, manifests: list },
    { headers: { "content-type": mediaTypes.index } },
  );
}

async function manifests(request: Request, name: Tag, repository: MemoryRepository): Promise<Response> {
  if (request.method === "PUT") return putManifest(request, name, repository);
  if (request.method === "DELETE") {
    const digest = tryDigest(name);
    const done = await (digest === undefined ? repository.untag(name) : repository.delete(digest));
    return done ? new Response(null, { status: 202 }) : refuse(404, "MANIFEST_UNKNOWN");
  }
  const stored = await repository.manifest(name);
  if (stored === undefined) return refuse(404, "MANIFEST_UNKNOWN");
  const { mediaType, digest, size } = stored.descriptor;
  const headers = { "content-type": mediaType, "docker-content-digest": digest, "content-length": `${size}` };
  return new Response(request.method === "HEAD" ? null : (stored.bytes as Uint8Array<ArrayBuffer>), {
    headers,
  });
}

async function putManifest(request: Request, name: Tag, repository: MemoryRepository): Promise<Response> {
  const bytes = await request.bytes();
  const descriptor = describe(bytes, request.headers.get("content-type") ?? "");
  const match = request.headers.get("if-match")?.slice(1, -1);
  const expect: Expected = match
    ? parseDigest(match)
    : request.headers.has("if-none-match")
      ? "absent"
      : "any";
  try {
    await repository.pushManifest(descriptor, bytes, {
      tags: tryDigest(name) === undefined ? [name] : [],
      expect,
    });
  } catch (error) {
    if (error instanceof ChartroomError && error.code === "conflict") return refuse(412, "DENIED", "taken");
    throw error;
  }
  const { subject } = parseManifest(bytes, descriptor.mediaType);
  const headers = new Headers({ "docker-content-digest": descriptor.digest });
  if (subject !== undefined) headers.set("oci-subject", subject.digest);
  return new Response(null, { status: 201, headers });
}

async function blob(request: Request, digest: string, repository: MemoryRepository): Promise<Response> {
  const descriptor: Descriptor = { mediaType: mediaTypes.octets, digest: parseDigest(digest), size: 0 };
  if (!(await repository.has(descriptor))) return refuse(404, "BLOB_UNKNOWN");
  const bytes = await new Response(await repository.blob(descriptor)).bytes();
  if (request.method === "HEAD")
    return new Response(null, { headers: { "content-length": `${bytes.byteLength}` } });
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "") ?? [];
  if (from === undefined) return new Response(bytes);
  const range = `bytes ${from}-${to}/${bytes.byteLength}`;
  return new Response(bytes.slice(Number(from), Number(to) + 1), {
    status: 206,
    headers: { "content-range": range },
  });
}

async function upload(
  request: Request,
  url: URL,
  id: string,
  repository: MemoryRepository,
  sessions: Map<string, Uint8Array>,
): Promise<Response> {
  if (request.method === "POST") {
    const made = crypto.randomUUID();
    sessions.set(made, new Uint8Array());
    return new Response(null, {
      status: 202,
      headers: { location: `${url.pathname}${made}?_state=a%2Bb+c` },
    });
  }
  const had = sessions.get(id);
  if (had === undefined) return refuse(404, "BLOB_UPLOAD_UNKNOWN");
  if (request.method === "DELETE") {
    sessions.delete(id);
    return new Response(null, { status: 204 });
  }
  const location = `${url.pathname}?_state=a%2Bb+c`;
  if (request.method === "GET")
    return new Response(null, {
      status: 204,
      headers: { location, range: `0-${Math.max(0, had.byteLength - 1)}` },
    });
  const bytes = Buffer.concat([had, await request.bytes()]);
  const digest = parseDigest(url.searchParams.get("digest") ?? "");
  try {
    await repository.pushBlob({ mediaType: "", digest, size: bytes.byteLength }, async (from) =>
      streamOf(bytes.subarray(from)),
    );
  } catch {
    return refuse(400, "DIGEST_INVALID");
  }
  sessions.delete(id);
  return new Response(null, { status: 201 });
}
