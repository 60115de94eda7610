import type { Answer } from "../http/answer.ts";
import type { HttpRequest, Transport } from "../http/transport.ts";
import type { ChartroomError } from "../oci/errors.ts";
import type { RegistryHost } from "../oci/reference.ts";
import { Authorizer, type AuthorizerOptions, type Need } from "./authorizer.ts";
import { answerError, isHtml, nonsense } from "./errors.ts";

/** Of one request: a token may lack its scope because it was asked for by another request at the same time. */
const authorizationRounds = 3;

/** A request to the registry's API. */
export interface RegistryRequest extends Omit<HttpRequest, "url"> {
  /** As it follows "Cannot" in an error. */
  readonly doing: string;
  /** A path below the registry's origin, or a whole URL where the registry named one. */
  readonly to: string | URL;
  /** The statuses that the caller deals with. All others are thrown as errors. */
  readonly statuses: readonly number[];
  /** What a token must be good for beside what the registry asks for by itself, e.g. `repository:a/b:pull` for a mount. */
  readonly scopes?: readonly string[];
}

/**
 * Requests to one registry, logged in when it asks for that. A login is sent to the registry's own origin alone, and only
 * after a challenge: in clear text never, unless the user asked for http or the host is this machine (`originOf`).
 */
export class Session {
  readonly origin: URL;
  readonly registry: RegistryHost;
  readonly transport: Transport;
  readonly #authorizer: Authorizer;
  #heedsConditions = false;

  constructor(options: AuthorizerOptions) {
    this.origin = options.origin;
    this.registry = options.registry;
    this.transport = options.transport;
    this.#authorizer = new Authorizer(options);
  }

  /** Whether the registry has said that it heeds conditions of a push, as ours does of itself (docs/api.md, "Manifests"). */
  get heedsConditions(): boolean {
    return this.#heedsConditions;
  }

  /** Whether the registry's token server gave a token, so that a login, if there is one, is right. */
  get hasToken(): boolean {
    return this.#authorizer.hasToken;
  }

  /**
   * @throws ChartroomError for a status that the caller does not deal with, as `answerError` has it; HttpError when no
   *   answer came
   */
  async send({ doing, to, statuses, scopes = [], ...request }: RegistryRequest): Promise<Answer> {
    const url = typeof to === "string" ? new URL(to, this.origin) : to;
    const answer = await this.#sendLoggedIn({ ...request, url }, { method: request.method, scopes }, doing);
    if (answer.url.origin === this.origin.origin && answer.headers.has("chartroom-heeds"))
      this.#heedsConditions = true;
    if (!statuses.includes(answer.status)) throw await this.refusal(answer, doing);
    // A captive portal's page is no blob. Whoever names the content's digest is a registry.
    if (answer.status === 200 && isHtml(answer.headers) && !answer.headers.has("docker-content-digest")) {
      await answer.discard();
      throw nonsense(doing, `${url.host} answered with a page, which is no registry's`);
    }
    return answer;
  }

  /** The error for an answer that `send` gave, when its status turns out not to be welcome. */
  async refusal(answer: Answer, doing: string): Promise<ChartroomError> {
    return answerError(answer, await this.#authorizer.attempt(doing));
  }

  /** That an answer with 404 means just that: a registry has a reason where it has a body, and sends no page. */
  async expectAbsent(answer: Answer, doing: string): Promise<undefined> {
    const refusal = await this.refusal(answer, doing);
    if (refusal.code !== "not_found") throw refusal;
  }

  async #sendLoggedIn(request: HttpRequest, need: Need, doing: string): Promise<Answer> {
    // Neither login nor client certificate is for where the registry has uploads, or keeps its list's next page.
    if (request.url.origin !== this.origin.origin)
      return this.transport.send({ ...request, anonymous: true });
    await this.#authorizer.prepare(need, doing);
    for (let round = 1; ; round++) {
      const used = this.#authorizer.header;
      const answer = await this.transport.send(authorized(request, used));
      if (answer.status !== 401) return answer;
      // A challenge from where a redirect led is none of this registry's.
      if (answer.url.origin !== this.origin.origin) return this.#sendAnonymously(request, answer, doing);
      if (round === authorizationRounds) return answer;
      const renewed = await this.#authorizer.renew(answer, used, need, doing);
      if (renewed === undefined || renewed === used) return answer;
      await answer.discard();
    }
  }

  /** Ask again where a redirect led to another registry that wants a token: names of one's own often lead to one (lscr.io). */
  async #sendAnonymously(request: HttpRequest, answer: Answer, doing: string): Promise<Answer> {
    const reads = request.method === "GET" || request.method === "HEAD";
    const authorization = reads ? await this.#authorizer.anonymous(answer, doing) : undefined;
    if (authorization === undefined) return answer;
    await answer.discard();
    return this.transport.send(authorized({ ...request, url: answer.url, anonymous: true }, authorization));
  }
}

const authorized = (request: HttpRequest, authorization: string | undefined): HttpRequest =>
  authorization === undefined ? request : { ...request, headers: { ...request.headers, authorization } };
