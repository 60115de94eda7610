import { emptyStream, observed } from "../http/body.ts";
import { HttpError } from "../http/errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { algorithmOf } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { mediaTypes } from "../oci/mediaTypes.ts";
import { readVerified, verify } from "../oci/verify.ts";
import { mayPass, Patience } from "./patience.ts";
import type { Session } from "./session.ts";
import { locationOf, offsetOf, withDigest } from "./uploadLocation.ts";
import type { RememberedUpload } from "./uploadSessions.ts";

/** Faults of the server that pass. */
const passing = [429, 500, 502, 503, 504];
/** Of a session that was begun this may be its own fault, lost by the storage behind it: kept, it would fail for ever. */
const lost = 500;
/** Refusals that another way of bringing the bytes may be spared. */
const elsewise = [400, 403, 404, 405, 411, 413, 415, 422, 501];
/** A blob of so many bytes goes with the POST: what a registry that leaves them unread costs is less than a way there and back. */
const wholeSize = 64 * 1024;

/** Why a try came to nothing, when another may come to more. */
type Fault = HttpError | ChartroomError;

export interface UploadOptions {
  readonly session: Session;
  /** Of the repository's uploads, below the registry's origin. */
  readonly path: string;
  readonly blob: Descriptor;
  /** The blob's bytes from an offset on. */
  readonly body: (from: number) => Promise<ReadableStream<Uint8Array>>;
  /** Whether the registry has the blob: asked after a fault, since only the answer may have been lost. */
  readonly has: () => Promise<boolean>;
  /** Where an earlier process left this upload, and where the next one finds it. */
  readonly remembered: RememberedUpload | undefined;
}

/**
 * One blob on its way up: a small one whole in a POST where the registry takes it so, others by POST, then one PUT of all their
 * bytes. When the connection breaks, the registry is asked how far it
 * got, and a PUT brings the rest; when it does not know, all begins anew. An upload that was left by an earlier process is
 * gone on with in the same way. Chunks would help nobody: Distribution 3 and we keep what came of a PUT that was cut, and a
 * registry that loses its session then (Distribution 2.8 does) loses it as well when a PATCH is cut, as measured.
 */
export class Upload {
  readonly #options: UploadOptions;
  readonly #doing: string;
  readonly #patience: Patience;
  #location: URL | undefined;
  #offset = 0;
  /** Whether the session answered this process. What an earlier one left may lead to where nothing is any more. */
  #answered = false;
  /** What `body` failed with: its own fault, not the registry's. */
  #bodyFault: unknown;

  constructor(options: UploadOptions) {
    this.#options = options;
    this.#doing = `push blob ${options.blob.digest} to ${options.session.registry}`;
    const { transport } = options.session;
    this.#patience = new Patience((ms) => transport.sleep(ms));
    this.#location = options.remembered?.location;
  }

  /**
   * Unless its bytes are wrong, an upload that fails or is stopped leaves its session to whoever goes on.
   * @throws ChartroomError `not_verified` when the bytes are not the descriptor's; what `body` fails with; HttpError when
   *   the registry stays away
   */
  async run(): Promise<void> {
    try {
      let fault = this.#location === undefined ? await this.#push() : await this.#goOn();
      while (fault !== undefined) {
        await this.#patience.wait(fault);
        fault = await this.#goOn();
      }
      await this.#options.remembered?.forget();
    } catch (error) {
      if (error instanceof ChartroomError && error.code === "not_verified") await this.#cancel();
      throw error;
    }
  }

  /** Push what is missing. Gives the fault when one may try again. */
  async #push(): Promise<Fault | undefined> {
    const { session, blob } = this.#options;
    if (this.#location === undefined && (await this.#pushWhole())) return undefined;
    this.#location ??= await this.#open();
    const from = this.#offset;
    const left = blob.size - from;
    const headers: Record<string, string> = { "content-type": mediaTypes.octets };
    if (from > 0 && left > 0) headers["content-range"] = `${from}-${blob.size - 1}`;
    try {
      const answer = await session.send({
        doing: this.#doing,
        method: "PUT",
        to: withDigest(this.#location, blob),
        headers,
        body: { size: left, open: () => this.#body(from) },
        // Bytes that were brought in pieces and are wrong may be the seam's fault: once more, in one piece.
        statuses: [201, 204, 404, 409, 416, ...passing, ...(from > 0 ? [400] : [])],
      });
      if (answer.status === 201 || answer.status === 204) return void (await answer.discard());
      const { status } = answer;
      const isLost = status === lost && from > 0;
      if (isLost || (!passing.includes(status) && !this.#isElsewhere(answer, from))) await this.#forget();
      return await session.refusal(answer, this.#doing);
    } catch (error) {
      if (error !== this.#bodyFault && mayPass(error)) return error as Fault;
      throw error;
    }
  }

  async #body(from: number): Promise<ReadableStream<Uint8Array>> {
    const { blob, body } = this.#options;
    if (from === blob.size && from > 0) return emptyStream();
    const bytes = from === 0 ? verify(await body(0), blob) : await body(from);
    const ignore = () => {};
    const failed = (error: unknown) => {
      this.#bodyFault = error;
      return error;
    };
    return observed(bytes, { asked: ignore, came: ignore, over: ignore, failed });
  }

  /**
   * Whether the registry refused bytes only because it has got further, or less far, than it last said: a connection that
   * broke may have been read to its end since.
   */
  #isElsewhere({ status, headers }: { status: number; headers: Headers }, from: number): boolean {
    return (
      status === 416 && (headers.has("upload-offset") || headers.has("range")) && offsetOf(headers) !== from
    );
  }

  /** After a fault, or an earlier process: find out how far the registry got, and push the rest. */
  async #goOn(): Promise<Fault | undefined> {
    try {
      if (await this.#options.has()) return undefined;
      const fault = this.#location && (await this.#askOffset(this.#location));
      return fault ?? (await this.#push());
    } catch (error) {
      if (error !== this.#bodyFault && mayPass(error)) return error as Fault;
      throw error;
    }
  }

  /**
   * Send a small blob in one request (distribution-spec, "Single POST"). Gives whether it is there now; a registry that does not
   * take blobs so opens a session, or refuses and is asked for one.
   */
  async #pushWhole(): Promise<boolean> {
    const { session, path, blob, body } = this.#options;
    if (blob.size > wholeSize) return false;
    const answer = await session.send({
      doing: this.#doing,
      method: "POST",
      to: `${path}?${new URLSearchParams({ digest: blob.digest })}`,
      headers: { "content-type": mediaTypes.octets },
      body: await readVerified(await body(0), blob),
      statuses: [201, 202, ...elsewise],
      repeatable: true,
    });
    await answer.discard();
    if (answer.status === 202) this.#location = await this.#opened(answer);
    return answer.status === 201;
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
    return this.#opened(answer);
  }

  #opened({ headers, url }: { headers: Headers; url: URL }): Promise<URL> {
    this.#answered = true;
    return this.#remember(locationOf(headers, url, this.#doing));
  }

  /** Learn how far the session is. When that cannot be told, all begins anew. Gives a fault that passes. */
  async #askOffset(to: URL): Promise<Fault | undefined> {
    const { session, blob } = this.#options;
    const doing = this.#doing;
    const statuses = [204, 200, 400, 401, 403, 404, 405, 409, 410, 416, ...passing];
    const answer = await session.send({ doing, method: "GET", to, statuses }).catch((error: unknown) => {
      // The registry answered a moment ago: it is the session that cannot be had, and would not be the next time.
      if (!this.#answered && (error instanceof HttpError || error instanceof ChartroomError))
        return undefined;
      throw error;
    });
    if (answer === undefined) return void (await this.#forget());
    this.#answered = true;
    if (passing.includes(answer.status) && answer.status !== lost) return session.refusal(answer, doing);
    await answer.discard();
    const offset = answer.status === 204 ? offsetOf(answer.headers) : 0;
    // A session of no bytes is worth nothing, and perhaps it has one: registries say `0-0` of both.
    if (offset === 0 || offset > blob.size) return void (await this.#forget());
    if (offset > this.#offset) this.#patience.renew();
    this.#offset = offset;
    if (answer.headers.has("location"))
      this.#location = await this.#remember(locationOf(answer.headers, answer.url, doing));
    return undefined;
  }

  async #remember(location: URL): Promise<URL> {
    await this.#options.remembered?.keep(location);
    return location;
  }

  /** The session is gone or of no use: begin anew. */
  async #forget(): Promise<void> {
    this.#location = undefined;
    this.#offset = 0;
    await this.#options.remembered?.forget();
  }

  /** Tell the registry that nobody goes on with the session. */
  async #cancel(): Promise<void> {
    const { session } = this.#options;
    const to = this.#location;
    await this.#forget();
    if (to === undefined) return;
    await session
      .send({ doing: this.#doing, method: "DELETE", to, statuses: [202, 204] })
      .then((answer) => answer.discard())
      .catch(() => undefined);
  }
}
