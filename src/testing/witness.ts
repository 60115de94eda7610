import { algorithmOf, type Digest, digestOf } from "../oci/digest.ts";
import type { Artifact, Content } from "./artifacts.ts";

/** Sends one request to a registry; a path begins with `/`. Throws when no answer comes. */
export type Ask = (line: string, body?: Uint8Array, type?: string) => Promise<Response>;

/** Asks the registry at `url` over HTTP. */
export const asking =
  (url: string): Ask =>
  (line, body, type = "application/octet-stream") => {
    const [method = "", path = ""] = line.split(" ");
    return fetch(`${url}${path}`, {
      ...{ method, headers: { "content-type": type } },
      ...(body !== undefined && { body: body as Uint8Array<ArrayBuffer> }),
    });
  };

/**
 * A client of one repository that keeps what it was told: what the registry acknowledged must be there ever after, byte for
 * byte, and what it acknowledged as deleted must not. Of a request without an answer, or with a refusal, it expects nothing.
 * Where what nothing names is collected meanwhile, a blob must be there while a manifest that must be there names it.
 */
export class Witness {
  /** Requests that were acknowledged. */
  acknowledged = 0;
  readonly #ask: Ask;
  readonly #root: string;
  readonly #collected: boolean;
  /** The digest of what each path must give; undefined where nothing may be. */
  readonly #held = new Map<string, Digest | undefined>();
  /** What the manifests that were pushed name, by their paths. */
  readonly #blobs = new Map<string, readonly Digest[]>();
  /** Blobs that were pushed and may be collected. */
  readonly #loose = new Set<string>();
  readonly #referrers = new Map<Digest, Set<Digest>>();
  /** Sessions, with their blobs and how many bytes of those were acknowledged. */
  readonly #sessions = new Map<string, { readonly content: Content; readonly sent: number }>();

  constructor(ask: Ask, repository: string, options: { readonly collected?: boolean } = {}) {
    this.#ask = ask;
    this.#root = `/v2/${repository}`;
    this.#collected = options.collected ?? false;
  }

  /** Push a blob, in one request, or in two through a session. Gives whether it was acknowledged. */
  async blob(content: Content, how: "whole" | "session"): Promise<boolean> {
    if (how === "whole")
      return this.#pushed(content, `POST ${this.#root}/blobs/uploads/?digest=${content.descriptor.digest}`);
    const session = await this.half(content);
    return session !== undefined && this.finish(session);
  }

  /** Begin a blob and send half of it. Gives its session's path once that is acknowledged. */
  async half(content: Content): Promise<string | undefined> {
    const session = sessionOf(await this.#acknowledges(202, `POST ${this.#root}/blobs/uploads/`));
    if (session === undefined) return undefined;
    const sent = Math.ceil(content.bytes.byteLength / 2);
    if (!(await this.#acknowledges(202, `PATCH ${session}`, content.bytes.subarray(0, sent))))
      return undefined;
    this.#sessions.set(session, { content, sent });
    return session;
  }

  /** Sessions that were half sent. */
  get sessions(): readonly string[] {
    return [...this.#sessions.keys()];
  }

  /** Send the rest of one of them. Gives whether its blob was acknowledged. */
  async finish(session: string): Promise<boolean> {
    const begun = this.#sessions.get(session);
    // The session may end now, though no answer says so.
    this.#sessions.delete(session);
    return begun !== undefined && this.#finished(begun.content, session, begun.sent);
  }

  /** Mount a blob, or push it where the registry has nothing to mount. Gives whether it was acknowledged. */
  async mount(content: Content, from: string): Promise<boolean> {
    const { digest } = content.descriptor;
    this.#forgetGone(this.#blobPath(digest));
    const line = `POST ${this.#root}/blobs/uploads/?mount=${digest}&from=${from}`;
    const answer = await this.#ask(line).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.status === 201) {
      this.acknowledged++;
      return this.#has(content);
    }
    const session = answer?.status === 202 ? sessionOf(answer) : undefined;
    return session !== undefined && this.#finished(content, session, 0);
  }

  /** Push a manifest, whose blobs are there, under a tag or, without one, its digest. */
  async manifest({ bytes, descriptor, blobs }: Artifact, tag?: string, subject?: Digest): Promise<boolean> {
    const path = (name: string) => `${this.#root}/manifests/${name}`;
    const { digest, mediaType } = descriptor;
    if (tag !== undefined) this.#held.delete(path(tag));
    this.#forgetGone(path(digest));
    if (!(await this.#acknowledges(201, `PUT ${path(tag ?? digest)}`, bytes, mediaType))) return false;
    for (const name of [tag ?? digest, digest]) this.#held.set(path(name), digest);
    this.#blobs.set(
      path(digest),
      blobs.map((blob) => blob.descriptor.digest),
    );
    if (subject !== undefined)
      this.#referrers.set(subject, (this.#referrers.get(subject) ?? new Set()).add(digest));
    return true;
  }

  /** Delete a tag, a manifest or a blob: `manifests/v1`. A manifest's tags and place among referrers are to be gone before. */
  async remove(what: string): Promise<boolean> {
    const path = `${this.#root}/${what}`;
    this.#held.delete(path);
    if (!(await this.#acknowledges(202, `DELETE ${path}`))) return false;
    this.#held.set(path, undefined);
    return true;
  }

  /** An artifact with all that it names is there under these tags, since somebody else was told so. */
  trust(artifact: Artifact, ...tags: string[]): void {
    for (const child of artifact.children) this.trust(child);
    for (const blob of artifact.blobs) this.#has(blob);
    const { digest } = artifact.descriptor;
    for (const name of [...tags, digest]) this.#held.set(`${this.#root}/manifests/${name}`, digest);
    this.#blobs.set(
      `${this.#root}/manifests/${digest}`,
      artifact.blobs.map((blob) => blob.descriptor.digest),
    );
  }

  /** How many things are remembered. */
  get size(): number {
    const referrers = [...this.#referrers.values()].reduce((sum, { size }) => sum + size, 0);
    return this.#expected().size + referrers + this.#sessions.size;
  }

  /** A sentence for each thing that was acknowledged and is not so. */
  async lost(): Promise<string[]> {
    const lost: string[] = [];
    for (const [path, digest] of this.#expected()) {
      const answer = await this.#ask(`GET ${path}`);
      const found = await answer.bytes();
      if (answer.status !== (digest === undefined ? 404 : 200)) lost.push(`${path}: ${answer.status}`);
      else if (digest !== undefined && digestOf(found, algorithmOf(digest)) !== digest)
        lost.push(`${path}: other bytes`);
    }
    for (const [subject, digests] of this.#referrers) {
      const answer = await this.#ask(`GET ${this.#root}/referrers/${subject}`);
      const { manifests = [] } = (await answer.json()) as { manifests?: { digest: Digest }[] };
      const found = new Set(manifests.map(({ digest }) => digest));
      for (const digest of digests.difference(found)) lost.push(`referrer ${digest} of ${subject}`);
    }
    for (const [session, { sent }] of this.#sessions) {
      const answer = await this.#ask(`GET ${session}`);
      const range = answer.headers.get("range");
      if (range !== `0-${sent - 1}`)
        lost.push(`${session}: ${answer.status}, ${range}, expected ${sent} bytes`);
    }
    return lost;
  }

  /** How many of the blobs that were pushed, and that nothing names for certain, are gone. */
  async gone(): Promise<number> {
    const expected = this.#expected();
    const loose = [...this.#loose].filter((path) => !expected.has(path));
    const answers = await Promise.all(loose.map((path) => this.#ask(`HEAD ${path}`)));
    return answers.filter(({ status }) => status === 404).length;
  }

  /** The digest of what each path must give, blobs of manifests among them; undefined where nothing may be. */
  #expected(): Map<string, Digest | undefined> {
    const named = [...this.#blobs]
      .filter(([path]) => this.#held.get(path) !== undefined)
      .flatMap(([, digests]) => digests.map((digest) => [this.#blobPath(digest), digest] as const));
    return new Map([...named, ...this.#held]);
  }

  #finished(content: Content, session: string, sent: number): Promise<boolean> {
    return this.#pushed(content, `PUT ${session}?digest=${content.descriptor.digest}`, sent);
  }

  async #pushed(content: Content, line: string, sent = 0): Promise<boolean> {
    this.#forgetGone(this.#blobPath(content.descriptor.digest));
    const answer = await this.#acknowledges(201, line, content.bytes.subarray(sent));
    return answer !== undefined && this.#has(content);
  }

  /** A blob is there from now on. */
  #has({ descriptor: { digest } }: Content): true {
    const path = this.#blobPath(digest);
    if (this.#collected) this.#loose.add(path);
    else this.#held.set(path, digest);
    return true;
  }

  /** What was deleted comes again, perhaps without an answer. */
  #forgetGone(path: string): void {
    if (this.#held.get(path) === undefined) this.#held.delete(path);
  }

  #blobPath(digest: Digest): string {
    return `${this.#root}/blobs/${digest}`;
  }

  /** Give the answer where it has this status; undefined for any other, and where none comes. */
  async #acknowledges(
    status: number,
    line: string,
    body?: Uint8Array,
    type?: string,
  ): Promise<Response | undefined> {
    const answer = await this.#ask(line, body, type).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.status !== status) return undefined;
    this.acknowledged++;
    return answer;
  }
}

/** The path of the session that an answer names. */
function sessionOf(answer: Response | undefined): string | undefined {
  const location = answer?.headers.get("location");
  return location ? new URL(location, "http://registry").pathname : undefined;
}
