import type { Answer } from "../http/answer.ts";
import type { HttpRequest, Transport } from "../http/transport.ts";
import type { ChartroomError } from "../oci/errors.ts";
import type { RegistryHost, RepositoryName } from "../oci/reference.ts";
import { parseChallenges } from "./challenge.ts";
import { type Attempt, answerError, isHtml, nonsense } from "./errors.ts";
import { fetchToken, uniteScopes } from "./token.ts";

/** Of one request: a token may lack its scope because it was asked for by another request at the same time. */
const authorizationRounds = 3;

/** A login, and where it was found: a file's path, or what the user typed. */
export interface Credential {
  readonly username: string;
  readonly password: string;
  readonly source: string;
}

/** Finds the login for a repository; asked at most once, and only when the registry wants one. */
export type CredentialLookup = (
  registry: RegistryHost,
  repository: RepositoryName | undefined,
) => Promise<Credential | undefined>;

/** A request to the registry's API. */
export interface RegistryRequest extends Omit<HttpRequest, "url"> {
  /** As it follows "Cannot" in an error. */
  readonly doing: string;
  /** A path below the registry's origin, or a whole URL where the registry named one. */
  readonly to: string | URL;
  /** The statuses that the caller deals with. All others are thrown as errors. */
  readonly statuses: readonly number[];
}

/** The `Authorization` header of a login. */
export const basic = ({ username, password }: Pick<Credential, "username" | "password">): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

/**
 * Requests to one registry, logged in when it asks for that. A login is sent to the registry's own origin alone, and only
 * after a challenge: in clear text never, unless the user asked for http or the host is this machine (`originOf`).
 */
export class Session {
  readonly origin: URL;
  readonly registry: RegistryHost;
  readonly transport: Transport;
  readonly #repository: RepositoryName | undefined;
  readonly #lookup: CredentialLookup | undefined;
  #authorization: string | undefined;
  #renewal: Promise<string | undefined> | undefined;
  #credential: Promise<Credential | undefined> | undefined;
  #scopes: string[] = [];

  constructor(options: {
    origin: URL;
    registry: RegistryHost;
    transport: Transport;
    repository?: RepositoryName;
    credentials?: CredentialLookup | undefined;
  }) {
    this.origin = options.origin;
    this.registry = options.registry;
    this.transport = options.transport;
    this.#repository = options.repository;
    this.#lookup = options.credentials;
  }

  /**
   * @throws ChartroomError for a status that the caller does not deal with, as `answerError` has it; HttpError when no
   *   answer came
   */
  async send({ doing, to, statuses, ...request }: RegistryRequest): Promise<Answer> {
    const url = typeof to === "string" ? new URL(to, this.origin) : to;
    const answer = await this.#sendLoggedIn({ ...request, url }, doing);
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
    return answerError(answer, await this.#attempt(doing));
  }

  /** That an answer with 404 means just that: a registry has a reason where it has a body, and sends no page. */
  async expectAbsent(answer: Answer, doing: string): Promise<undefined> {
    const refusal = await this.refusal(answer, doing);
    if (refusal.code !== "not_found") throw refusal;
  }

  async #sendLoggedIn(request: HttpRequest, doing: string): Promise<Answer> {
    if (request.url.origin !== this.origin.origin) return this.transport.send(request);
    for (let round = 1; ; round++) {
      const used = this.#authorization;
      const answer = await this.transport.send(authorized(request, used));
      // A challenge from where a redirect led is none of this registry's.
      const challenged = answer.status === 401 && answer.url.origin === this.origin.origin;
      if (!challenged || round === authorizationRounds) return answer;
      const renewed = await this.#renew(answer, used, request.method, doing);
      if (renewed === undefined || renewed === used) return answer;
      await answer.discard();
    }
  }

  /** Another `Authorization` than `used`, or undefined when there is none. Many requests that need one ask once. */
  async #renew(
    answer: Answer,
    used: string | undefined,
    method: string,
    doing: string,
  ): Promise<string | undefined> {
    if (this.#authorization !== used) return this.#authorization;
    this.#renewal ??= this.#answerChallenge(answer, method, doing).finally(() => {
      this.#renewal = undefined;
    });
    const renewed = await this.#renewal;
    if (renewed !== undefined) this.#authorization = renewed;
    return renewed;
  }

  async #answerChallenge(answer: Answer, method: string, doing: string): Promise<string | undefined> {
    const challenges = parseChallenges(answer.headers.get("www-authenticate") ?? "");
    const credential = await this.#login();
    const bearer = challenges.find(({ scheme }) => scheme === "bearer");
    if (bearer !== undefined) {
      this.#scopes = uniteScopes([
        ...this.#scopes,
        ...this.#scopesFor(bearer.parameters.get("scope"), method),
      ]);
      const token = await fetchToken({
        transport: this.transport,
        origin: this.origin,
        challenge: bearer,
        scopes: this.#scopes,
        login: credential && { account: credential.username, authorization: basic(credential) },
        attempt: await this.#attempt(doing),
      });
      return `Bearer ${token}`;
    }
    const wantsBasic = challenges.some(({ scheme }) => scheme === "basic");
    return wantsBasic && credential !== undefined ? basic(credential) : undefined;
  }

  /** What the challenge names, else what the method needs. */
  #scopesFor(named: string | undefined, method: string): string[] {
    const scopes = named?.split(" ").filter((scope) => scope.includes(":")) ?? [];
    if (scopes.length > 0 || this.#repository === undefined) return scopes;
    const actions = { GET: "pull", HEAD: "pull", DELETE: "delete" }[method] ?? "pull,push";
    return [`repository:${this.#repository}:${actions}`];
  }

  #login(): Promise<Credential | undefined> {
    this.#credential ??= this.#lookup?.(this.registry, this.#repository) ?? Promise.resolve(undefined);
    return this.#credential;
  }

  async #attempt(doing: string): Promise<Attempt> {
    const { registry } = this;
    const login = await this.#credential;
    const token = this.#authorization?.split(" ")[1];
    const secrets = [login?.password, login && basic(login).slice("Basic ".length), token];
    return { doing, registry, login, secrets: secrets.filter((secret) => secret !== undefined) };
  }
}

const authorized = (request: HttpRequest, authorization: string | undefined): HttpRequest =>
  authorization === undefined ? request : { ...request, headers: { ...request.headers, authorization } };
