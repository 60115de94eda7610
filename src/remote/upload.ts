import { emptyStream } from "../http/body.ts";
import { HttpError } from "../http/errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { algorithmOf } from "../oci/digest.ts";
import type { ChartroomError } from "../oci/errors.ts";
import { mediaTypes } from "../oci/mediaTypes.ts";
import { verify } from "../oci/verify.ts";
import { nonsense } from "./errors.ts";
import type { Session } from "./session.ts";

/** Faults one after the other, without a byte of progress between them, until an upload is given up. */
const faultsLimit = 4;
const firstWait = 250;
/** Faults of the server that pass. */
const passing = [500, 502, 503, 504];

export interface UploadOptions {
  readonly session: Session;
  /** Of the repository's uploads, below the registry's origin. */
  readonly path: string;
  readonly blob: Descriptor;
  /** The blob's bytes from an offset on. */
  readonly body: (from: number) => Promise<ReadableStream<Uint8Array>>;
  /** Whether the registry has the blob: asked after a fault, since only the answer may have been lost. */
  readonly has: () => Promise<boolean>;
}

/**
 * Where the PUT of a session goes: the URL as the registry gave it, byte for byte, since it may be sealed, and the digest
 * behind it (distribution-spec, "POST then PUT").
 */
export const withDigest = (location: URL, { digest }: Descriptor): URL =>
  new URL(`${location.href}${location.search === "" ? "?" : "&"}digest=${encodeURIComponent(digest)}`);

/**
 * Bytes that a session has: our server's `Upload-Offset`, else `Range: 0-<last>`. Registries say `0-0` of no byte and of
 * one; then it is taken for none.
 */
export function offsetOf(headers: Headers): number {
  const offset = headers.get("upload-offset");
  if (offset !== null && /^\d+$/.test(offset)) return Number(offset);
  const last = Number(/^(?:bytes=)?0-(\d+)$/.exec(headers.get("range") ?? "")?.[1] ?? 0);
  return last === 0 ? 0 : last + 1;
}

/**
 * Where an answer's `Location` leads, without a fragment.
 * @throws ChartroomError `remote` when there is none
 */
export function locationOf(headers: Headers, base: URL, doing: string): URL {
  const location = URL.parse(headers.get("location") ?? "", base);
  if (!headers.get("location") || location === null || !/^https?:$/.test(location.protocol))
    throw nonsense(doing, "the registry opened an upload and did not say where");
  location.hash = "";
  return location;
}

/**
 * One blob on its way up: POST, then one PUT of all its bytes. When the connection breaks, the registry is asked how far it
 * got, and a PUT brings the rest; when it does not know, all begins anew.
 */
export class Upload {
  readonly #options: UploadOptions;
  readonly #doing: string;
  #location: URL | undefined;
  #offset = 0;

  constructor(options: UploadOptions) {
    this.#options = options;
    this.#doing = `push blob ${options.blob.digest} to ${options.session.registry}`;
  }

  /**
   * @throws ChartroomError `not_verified` when the bytes are not the descriptor's; what `body` fails with; HttpError when
   *   the registry stays away
   */
  async run(): Promise<void> {
    const { session } = this.#options;
    try {
      let fault = await this.#push();
      for (let faults = 1; fault !== undefined; faults++) {
        if (faults > faultsLimit) throw fault;
        await session.transport.sleep(firstWait * 2 ** (faults - 1));
        const before = this.#offset;
        fault = await this.#goOn();
        if (this.#offset > before) faults = 0;
      }
    } catch (error) {
      await this.#cancel(error);
      throw error;
    }
  }

  /** Push what is missing. Gives the fault when one may try again. */
  async #push(): Promise<HttpError | ChartroomError | undefined> {
    const { session, blob, body } = this.#options;
    this.#location ??= await this.#open();
    const from = this.#offset;
    const left = blob.size - from;
    const headers: Record<string, string> = { "content-type": mediaTypes.octets };
    if (from > 0 && left > 0) headers["content-range"] = `${from}-${blob.size - 1}`;
    const open = async () => {
      if (left === 0 && from > 0) return emptyStream();
      return from === 0 ? verify(await body(0), blob) : body(from);
    };
    try {
      const answer = await session.send({
        doing: this.#doing,
        method: "PUT",
        to: withDigest(this.#location, blob),
        headers,
        body: { size: left, open },
        // Bytes that were brought in pieces and are wrong may be the seam's fault: once more, in one piece.
        statuses: [201, 204, 404, 416, ...passing, ...(from > 0 ? [400] : [])],
      });
      if (answer.status === 201 || answer.status === 204) return void (await answer.discard());
      if (!passing.includes(answer.status)) this.#forget();
      return await session.refusal(answer, this.#doing);
    } catch (error) {
      if (error instanceof HttpError && (error.reason === "dropped" || error.reason === "timeout"))
        return error;
      throw error;
    }
  }

  /** After a fault: find out how far the registry got, and push the rest. */
  async #goOn(): Promise<HttpError | ChartroomError | undefined> {
    try {
      if (await this.#options.has()) return undefined;
      if (this.#location !== undefined) await this.#askOffset(this.#location);
      return await this.#push();
    } catch (error) {
      // Refused, too: a server that restarts is away for a moment.
      if (error instanceof HttpError && error.code === "network") return error;
      throw error;
    }
  }

  async #open(): Promise<URL> {
    const { session, path, blob } = this.#options;
    const algorithm = algorithmOf(blob.digest);
    const answer = await session.send({
      doing: this.#doing,
      method: "POST",
      to: algorithm === "sha256" ? path : `${path}?digest-algorithm=${algorithm}`,
      statuses: [202],
      // A second session does no harm: the first one times out.
      repeatable: true,
    });
    await answer.discard();
    return locationOf(answer.headers, answer.url, this.#doing);
  }

  async #askOffset(to: URL): Promise<void> {
    const { session, blob } = this.#options;
    const doing = this.#doing;
    const answer = await session.send({
      doing,
      method: "GET",
      to,
      statuses: [204, 200, 400, 404, 405, ...passing],
    });
    await answer.discard();
    const offset = answer.status === 204 ? offsetOf(answer.headers) : undefined;
    if (offset === undefined || offset > blob.size) return this.#forget();
    this.#offset = offset;
    if (answer.headers.has("location")) this.#location = locationOf(answer.headers, answer.url, doing);
  }

  /** The session is gone or of no use: begin anew. */
  #forget(): void {
    this.#location = undefined;
    this.#offset = 0;
  }

  /** Tell the registry that nobody goes on with the session, unless nobody can be told. */
  async #cancel(error: unknown): Promise<void> {
    if (this.#location === undefined || (error instanceof HttpError && error.code === "network")) return;
    const { session } = this.#options;
    const statuses = [202, 204];
    await session
      .send({ doing: this.#doing, method: "DELETE", to: this.#location, statuses })
      .then((answer) => answer.discard())
      .catch(() => undefined);
  }
}
