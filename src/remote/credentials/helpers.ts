import { ChartroomError } from "../../oci/errors.ts";
import { type JsonObject, parseJsonObject } from "../../oci/json.ts";
import type { Login } from "./credential.ts";
import { findProgram, ProgramError, runProgram } from "./program.ts";

/** In ms: some helpers ask the user for a pass phrase. */
const patience = 30_000;
/** In ms: a wait as long as this is told. */
const defaultLongWait = 5_000;
const messageLimit = 300;

/** The whole of a helper's message when it has no such login (docker-credential-helpers, `credentials/error.go`). */
const notFound = "credentials not found in native keychain";
/** As a user's name it says that the secret is an identity token. */
const tokenUser = "<token>";

export interface HelperOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
  /** How long a helper may take, in ms; half a minute unless told. */
  readonly timeout?: number;
  /** Told of a helper that lets wait for longer than a person expects: its program's name. */
  readonly onWait?: (program: string) => void;
  /** How long that is, in ms; 5 s unless told. */
  readonly longWait?: number;
}

/**
 * Docker's credential helpers: programs `docker-credential-<suffix>` that keep logins in a keychain, or make them up. Their
 * errors are ChartroomErrors `storage`, and name the program; what they say is shown, what they give never.
 */
export class CredentialHelpers {
  readonly #options: HelperOptions;
  /** A helper may ask its user, or a cloud: once for each login is enough. */
  readonly #answers = new Map<string, Promise<Login | undefined>>();

  constructor(options: HelperOptions) {
    this.#options = options;
  }

  /** The login that a helper has for a server, undefined when it has none. */
  get(suffix: string, server: string): Promise<Login | undefined> {
    const name = `${suffix}\n${server}`;
    const known = this.#answers.get(name);
    if (known !== undefined) return known;
    const answer = this.#get(suffix, server);
    this.#answers.set(name, answer);
    return answer;
  }

  async #get(suffix: string, server: string): Promise<Login | undefined> {
    const output = await this.#run(suffix, "get", server);
    if (output === undefined) return undefined;
    let answer: JsonObject;
    try {
      answer = parseJsonObject(Buffer.from(output), "answer");
    } catch {
      throw fault(suffix, "its answer is no JSON object");
    }
    const { Username, Secret } = answer;
    if (typeof Username !== "string" || typeof Secret !== "string")
      throw fault(suffix, "its answer has no Username and Secret");
    if (Secret === "") return undefined;
    return Username === tokenUser
      ? { username: "", identityToken: Secret }
      : { username: Username, password: Secret };
  }

  /** Let a helper keep a login. */
  async store(suffix: string, server: string, login: Login): Promise<void> {
    if ("registryToken" in login) throw fault(suffix, "it keeps no registry tokens");
    const [Username, Secret] =
      "password" in login ? [login.username, login.password] : [tokenUser, login.identityToken];
    await this.#run(suffix, "store", JSON.stringify({ ServerURL: server, Username, Secret }));
    this.#answers.delete(`${suffix}\n${server}`);
  }

  /** Let a helper forget a login, whether or not it has it. */
  async erase(suffix: string, server: string): Promise<void> {
    await this.#run(suffix, "erase", server);
    this.#answers.delete(`${suffix}\n${server}`);
  }

  /** What a helper printed, trimmed; undefined when it says that there is no such login. */
  async #run(suffix: string, verb: string, input: string): Promise<string | undefined> {
    const { env, signal, timeout = patience, onWait, longWait = defaultLongWait } = this.#options;
    if (!/^[A-Za-z0-9_.-]+$/.test(suffix)) throw fault(suffix, "that is no helper's name");
    const program = `docker-credential-${suffix}`;
    const path = await findProgram(program, env);
    if (path === undefined) throw fault(suffix, "it is not on PATH");
    const waiting = setTimeout(() => onWait?.(program), longWait);
    const run = runProgram(path, [verb], input, { env, signal, timeout });
    const { code, output: printed } = await run
      .catch((error) => {
        throw error instanceof ProgramError ? fault(suffix, error.message) : error;
      })
      .finally(() => clearTimeout(waiting));
    const output = printed.trim();
    if (code === 0) return output;
    if (output === notFound) return undefined;
    // Errors come on standard output. One that holds a login by mistake is not shown.
    const said = output.includes("{") ? "" : output.replace(/[\p{C}\s]+/gu, " ").slice(0, messageLimit);
    throw fault(suffix, said === "" ? `it failed (exit ${code ?? "by signal"})` : `"${said}"`);
  }
}

const fault = (suffix: string, why: string): ChartroomError =>
  new ChartroomError("storage", `docker-credential-${suffix}: ${why}`);
