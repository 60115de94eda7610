import { partLimits } from "../chart/archive/limits.ts";
import { repositoryMetadataFile, repositoryMetadataLimit } from "../chart/repositoryMetadata.ts";
import type { Answer } from "../http/answer.ts";
import { observed } from "../http/body.ts";
import { HttpError } from "../http/errors.ts";
import type { Transport } from "../http/transport.ts";
import { ChartroomError } from "../oci/errors.ts";
import { type Reference, repositoryOf } from "../oci/reference.ts";
import type { Reads } from "../oci/repository.ts";
import { download, refused } from "./download.ts";
import type { IndexRow } from "./indexRow.ts";
import { type IndexReading, readIndex } from "./readIndex.ts";
import { referenceOf, registryPlace } from "./registryPlace.ts";
import type { ArchivePlace, ChartSource, IndexVersion, OpenIndex } from "./source.ts";
import { archiveUrl, below, type Rewriting, refusal, shownUrl } from "./urls.ts";

/** The largest index, in bytes: five times the largest that we heard of. */
const indexLimit = 1024 * 1024 * 1024;
/** What else an index may come packed as. Stores of objects keep, and send, names of what is none: `utf-8`, `aws-chunked`. */
const unasked = /^(?:br|zstd|deflate|(?:x-)?compress)$/;
/** How much an index that comes packed may grow; of real ones the best packed grows 41 times. */
const growthLimit = 200;
/** In bytes: what is smaller than this may grow as it likes. */
const growthFrom = 16 * 1024 * 1024;

export interface SiteOptions extends Rewriting {
  readonly transport: Transport;
  /** For the repository's own server alone: an `Authorization` header. */
  readonly authorization?: string | undefined;
  /**
   * Opens a repository of a registry that a row names; without it, such rows are refused.
   * @param transport the way there, which shows no client certificate and follows no redirect to where an index may not lead
   */
  readonly registry?: (reference: Reference, transport: Transport) => Reads;
}

/** A classic repository on a server. */
export class Site implements ChartSource {
  readonly #url: URL;
  readonly #options: SiteOptions;
  readonly #refusal: (to: URL) => string | undefined;
  /** Registries' repositories that the index named so far. */
  readonly #repositories = new Map<string, Reads>();

  /** @param url as `parseSite` gives it */
  constructor(url: URL, options: SiteOptions) {
    this.#url = url;
    this.#options = options;
    this.#refusal = (to) => refusal(url, to, [options.rewrite?.to, options.base]);
  }

  /** It is asked for packed; what comes is unpacked on the way, as far as it is no bomb. */
  async index(known: IndexVersion = {}, reading: IndexReading = {}): Promise<OpenIndex | undefined> {
    const { etag, lastModified } = known;
    const conditions = {
      ...(etag !== undefined && { "if-none-match": etag }),
      ...(lastModified !== undefined && { "if-modified-since": lastModified }),
    };
    const answer = await this.#options.transport.send({
      method: "GET",
      ...this.#request(below(this.#url, "index.yaml")),
      headers: { ...this.#login(this.#url), "accept-encoding": "gzip", ...conditions },
    });
    if (answer.status === 200)
      return { entries: readIndex(bodyOf(answer), reading), version: versionOf(answer) };
    await answer.discard();
    if (answer.status === 304 && Object.keys(conditions).length > 0) return undefined;
    throw refused(answer);
  }

  places({ urls, version }: IndexRow): ArchivePlace[] {
    return urls.map((text) => {
      const url = archiveUrl(this.#url, text, this.#options);
      if (typeof url === "string") return nowhere(text, url);
      return url.protocol === "oci:" ? this.#inRegistry(url, version) : this.#place(url);
    });
  }

  #inRegistry(url: URL, version: string): ArchivePlace {
    const { registry, transport } = this.#options;
    if (registry === undefined) return nowhere(url.href, "it is in a registry");
    try {
      const reference = referenceOf(url, version);
      const name = repositoryOf(reference);
      const reads = this.#repositories.get(name) ?? registry(reference, transport.toStrangers(this.#refusal));
      this.#repositories.set(name, reads); // one token is good for all versions of a chart
      return registryPlace(reference, reads);
    } catch (error) {
      if (error instanceof ChartroomError) return nowhere(url.href, error.message);
      throw error;
    }
  }

  #place(url: URL): ArchivePlace {
    const { transport } = this.#options;
    const beside = new URL(url);
    beside.pathname += ".prov"; // Helm puts it behind the query, where it is a part of a signature
    return {
      shown: shownUrl(url),
      size: async () => {
        const answer = await transport.send({ method: "HEAD", ...this.#request(url) });
        await answer.discard();
        const length = answer.headers.get("content-length");
        return answer.status === 200 && length !== null ? Number(length) : undefined;
      },
      archive: (admit) => download(transport, this.#request(url), partLimits.content, admit),
      provenance: () => this.#ifThere(beside, partLimits.provenance),
    };
  }

  repositoryMetadata(): Promise<Uint8Array | undefined> {
    return this.#ifThere(below(this.#url, repositoryMetadataFile), repositoryMetadataLimit);
  }

  #ifThere(url: URL, limit: number): Promise<Uint8Array | undefined> {
    return download(this.#options.transport, this.#request(url), limit).catch((error) => {
      // Stores of objects answer 403 for what is not there.
      const absent = ["not_found", "not_allowed"];
      if (error instanceof ChartroomError && absent.includes(error.code)) return undefined;
      throw error;
    });
  }

  #request(named: URL) {
    const url = new URL(named);
    url.username = "";
    url.password = "";
    return {
      url,
      headers: this.#login(named),
      anonymous: url.origin !== this.#url.origin,
      refuseRedirect: this.#refusal,
    };
  }

  /** An index may name a login in a URL; the user's own is for the repository's server alone. */
  #login(url: URL): Record<string, string> {
    const { authorization } = this.#options;
    if (url.username !== "" || url.password !== "")
      return { authorization: basic(decodeURIComponent(url.username), decodeURIComponent(url.password)) };
    return authorization !== undefined && url.origin === this.#url.origin ? { authorization } : {};
  }
}

/** RFC 7617 §2. */
export const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

/** What an index names and nobody goes to. */
function nowhere(text: string, why: string): ArchivePlace {
  const shown = text
    .replace(/[?#].*$/s, "")
    .replace(/\/\/[^/]*@/, "//")
    .slice(0, 200);
  const refuse = async () => {
    throw new ChartroomError("invalid", `Cannot fetch ${shown}: ${why}`);
  };
  return { shown, size: async () => undefined, archive: refuse, provenance: async () => undefined };
}

function versionOf({ headers }: Answer): IndexVersion | undefined {
  const [etag, lastModified] = [headers.get("etag"), headers.get("last-modified")];
  if (etag === null && lastModified === null) return undefined;
  return { ...(etag !== null && { etag }), ...(lastModified !== null && { lastModified }) };
}

/** The index's bytes, unpacked where they came packed, and no more than an index can have. */
function bodyOf(answer: Answer): ReadableStream<Uint8Array> {
  const coding = answer.headers.get("content-encoding")?.toLowerCase() ?? "";
  const isPacked = /^(?:x-)?gzip$/.test(coding);
  if (unasked.test(coding))
    throw new HttpError("garbage", `Cannot read the index: it is coded as ${coding}, and gzip was asked for`);
  let [came, size] = [0, 0];
  const ignore = () => {};
  const counted = observed(answer.body, {
    asked: ignore,
    over: ignore,
    came: (bytes) => {
      came += bytes;
    },
  });
  return (isPacked ? unpacked(counted) : counted).pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.byteLength;
        const why =
          size > indexLimit
            ? `longer than ${indexLimit} bytes`
            : size > growthFrom && size > came * growthLimit
              ? `more than ${growthLimit} times as long as it came`
              : undefined;
        if (why !== undefined) throw new HttpError("too-long", `Cannot read the index: it is ${why}`);
        controller.enqueue(chunk);
      },
    }),
  );
}

/** @returns the body, which fails with an HttpError when it is not gzip */
function unpacked(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  // The cast: a DecompressionStream takes bytes of any buffer, and its type does not say so.
  const gunzip = new DecompressionStream("gzip") as unknown as TransformStream<Uint8Array, Uint8Array>;
  const ignore = () => {};
  const failed = (cause: unknown) =>
    cause instanceof HttpError
      ? cause
      : new HttpError("garbage", "Cannot read the index: it is labelled gzip, and is not", { cause });
  return observed(body.pipeThrough(gunzip), { asked: ignore, came: ignore, over: ignore, failed });
}
