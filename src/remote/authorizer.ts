import type { Answer } from "../http/answer.ts";
import type { Transport } from "../http/transport.ts";
import { ChartroomError } from "../oci/errors.ts";
import type { RegistryHost, RepositoryName } from "../oci/reference.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import {
  basic,
  type Credential,
  type CredentialLookup,
  nameOf,
  secretsOf,
} from "./credentials/credential.ts";
import type { Attempt } from "./errors.ts";
import { fetchToken, uniteScopes } from "./token.ts";

/** What an authorizer is made with. */
export interface AuthorizerOptions {
  /** Where the registry's API begins. */
  readonly origin: URL;
  /** As the user typed it. */
  readonly registry: RegistryHost;
  readonly transport: Transport;
  readonly repository?: RepositoryName | undefined;
  /**
   * What will be done with the repository: who writes asks for that from the first request on, since some registries make
   * a repository only when a token to push to it is asked for, and answer 401 before (Quay, helm issue 32144).
   */
  readonly access?: "pull" | "push" | undefined;
  readonly credentials?: CredentialLookup | undefined;
  /** Told what went wrong and did not stop the work. */
  readonly warn?: ((message: string) => void) | undefined;
}

/** What a request may do, beside its challenge: its method, and scopes that a registry does not name by itself. */
export interface Need {
  readonly method: string;
  readonly scopes: readonly string[];
}

/** The `Authorization` of one registry's requests: what a challenge asks for, renewed when it ends. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  #header: string | undefined;
  #renewal: Promise<string | undefined> | undefined;
  #credential: Promise<Credential | undefined> | undefined;
  /** The last challenge that a token answered, and until when that is good. */
  #challenge: Challenge | undefined;
  #renewAt = Number.POSITIVE_INFINITY;
  /** What the token is good for, or will be. */
  #scopes: string[];
  /** What the token server would not give: it is not asked for again by itself. */
  readonly #denied = new Set<string>();

  constructor(options: AuthorizerOptions) {
    this.#options = options;
    this.#scopes = options.access === "push" ? [`repository:${options.repository}:pull,push`] : [];
  }

  /** The header as it is now. */
  get header(): string | undefined {
    return this.#header;
  }

  /** Whether the registry's token server gave a token, to whoever asked for it. */
  get hasToken(): boolean {
    return this.#challenge !== undefined;
  }

  /**
   * Before a request: renew a token that is about to end, or lacks a scope that the registry would not ask for by itself.
   * Never fails: if it cannot be had, the registry has the last word.
   */
  async prepare({ scopes }: Need, doing: string): Promise<void> {
    for (let round = 0; round < 2; round++) {
      const challenge = this.#challenge;
      if (challenge === undefined) return;
      const wanted = uniteScopes([...this.#scopes, ...scopes.filter((scope) => !this.#denied.has(scope))]);
      const current = wanted.join(" ") === this.#scopes.join(" ") && Date.now() < this.#renewAt;
      if (current) return;
      const renewed = await this.#once(() => this.#bearer(challenge, wanted, doing)).catch(() => undefined);
      if (renewed === undefined) for (const scope of scopes) this.#denied.add(scope);
    }
  }

  /**
   * After a 401: another header than `used`, or undefined when there is none. Many requests that need one ask once.
   * @throws ChartroomError `not_allowed` when the token server refuses, `remote` when it answers nonsense
   */
  async renew(
    answer: Answer,
    used: string | undefined,
    need: Need,
    doing: string,
  ): Promise<string | undefined> {
    if (this.#header !== used) return this.#header;
    return this.#once(() => this.#answer(answer, need, doing));
  }

  /**
   * A header for one request to where a redirect led, which asks for a token on its own account. It is nobody's: login and
   * client certificate are for the registry that the user named (crane #2258).
   */
  async anonymous(answer: Answer, doing: string): Promise<string | undefined> {
    const { transport, origin, registry } = this.#options;
    const challenge = bearerOf(answer);
    if (challenge === undefined) return undefined;
    const attempt = { doing, registry, secrets: [] };
    const scopes = scopesIn(challenge);
    const stranger = { transport, origin, challenge, scopes, login: undefined, anonymous: true, attempt };
    return fetchToken(stranger).then(
      ({ token }) => `Bearer ${token}`,
      (error) => {
        if (error instanceof ChartroomError) return undefined;
        throw error;
      },
    );
  }

  /** What an error says of who asked. */
  async attempt(doing: string): Promise<Attempt> {
    const login = await this.#credential;
    const token = this.#header?.split(" ")[1];
    const secrets = [
      ...(login === undefined ? [] : secretsOf(login)),
      ...(token === undefined ? [] : [token]),
    ];
    return {
      doing,
      registry: this.#options.registry,
      login: login && { name: nameOf(login), source: login.source, accepted: this.hasToken },
      secrets,
    };
  }

  async #once(work: () => Promise<string | undefined>): Promise<string | undefined> {
    this.#renewal ??= work().finally(() => {
      this.#renewal = undefined;
    });
    const renewed = await this.#renewal;
    if (renewed !== undefined) this.#header = renewed;
    return renewed;
  }

  async #answer(answer: Answer, need: Need, doing: string): Promise<string | undefined> {
    const bearer = bearerOf(answer);
    if (bearer !== undefined) {
      const named = scopesIn(bearer);
      const asked = named.length > 0 ? named : this.#scopesFor(need.method);
      const scopes = uniteScopes([...this.#scopes, ...asked]);
      const more = need.scopes.filter((scope) => !this.#denied.has(scope));
      if (more.length === 0) return this.#bearer(bearer, scopes, doing);
      return this.#bearer(bearer, uniteScopes([...scopes, ...more]), doing).catch((error) => {
        if (!isRefusal(error)) throw error;
        for (const scope of more) this.#denied.add(scope);
        return this.#bearer(bearer, scopes, doing);
      });
    }
    const login = await this.#login();
    const wantsBasic = challengesOf(answer).some(({ scheme }) => scheme === "basic");
    return wantsBasic && login !== undefined && "password" in login
      ? basic(login.username, login.password)
      : undefined;
  }

  async #bearer(challenge: Challenge, scopes: string[], doing: string): Promise<string> {
    const { transport, origin } = this.#options;
    const login = await this.#login();
    if (login !== undefined && "registryToken" in login) return `Bearer ${login.registryToken}`;
    const attempt = await this.attempt(doing);
    const request = { transport, origin, challenge, scopes, login, attempt };
    const { token, renewAt } = await fetchToken(request).catch(async (refusal) => {
      const reads = scopes.length > 0 && scopes.every((scope) => scope.endsWith(":pull"));
      if (login === undefined || !reads || !isRefusal(refusal)) throw refusal;
      // A login that has ended must not keep anybody from what is public: many a bug report was only that (eksdemo 64).
      const nobodys = await fetchToken({ ...request, login: undefined }).catch(() => Promise.reject(refusal));
      this.#options.warn?.(`${refusal.message}; going on without it`);
      this.#credential = Promise.resolve(undefined);
      return nobodys;
    });
    this.#challenge = challenge;
    this.#scopes = scopes;
    this.#renewAt = renewAt;
    return `Bearer ${token}`;
  }

  /** What the method needs, where the challenge does not say. */
  #scopesFor(method: string): string[] {
    const { repository } = this.#options;
    if (repository === undefined) return [];
    const actions = { GET: "pull", HEAD: "pull", DELETE: "delete" }[method] ?? "pull,push";
    return [`repository:${repository}:${actions}`];
  }

  #login(): Promise<Credential | undefined> {
    const { credentials, registry, repository } = this.#options;
    this.#credential ??= credentials?.(registry, repository) ?? Promise.resolve(undefined);
    return this.#credential;
  }
}

const isRefusal = (error: unknown): error is ChartroomError =>
  error instanceof ChartroomError && error.code === "not_allowed";

const challengesOf = ({ headers }: Answer): Challenge[] =>
  parseChallenges(headers.get("www-authenticate") ?? "");

const bearerOf = (answer: Answer): Challenge | undefined =>
  challengesOf(answer).find(({ scheme }) => scheme === "bearer");

const scopesIn = ({ parameters }: Challenge): string[] =>
  parameters
    .get("scope")
    ?.split(" ")
    .filter((scope) => scope.includes(":")) ?? [];
