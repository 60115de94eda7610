/** A request that was answered. */
export interface LoggedRequest {
  /** When it came, ms since 1970. */
  readonly at: number;
  readonly address: string | undefined;
  readonly user: string | undefined;
  readonly method: string;
  /** As it came, without the query: that may hold what is nobody's business. */
  readonly path: string;
  readonly status: number;
  /** Bytes of the answer's body. */
  readonly size: number;
  /** In ms. */
  readonly took: number;
  readonly agent: string | null;
}

/** Lines wait no longer than this, in ms, */
const flushAfter = 100;
/** and no more than so many characters of them. */
const flushAt = 64 * 1024;

/** The server's log: one line for each request, gathered and written together. */
export class Log {
  readonly #write: (text: string) => void;
  #lines = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param write takes whole lines */
  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  request({ at, address, user, method, path, status, size, took, agent }: LoggedRequest): void {
    const words = [address, user, method, path].map(word).join(" ");
    this.#add(
      `${new Date(at).toISOString()} ${words} ${status} ${size}B ${took.toFixed(1)}ms ${word(agent ?? undefined)}`,
    );
  }

  /** What went wrong, with its trace, on one line. */
  fault(at: number, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#add(`${new Date(at).toISOString()} fault ${word(text)}`);
  }

  /** Write what was gathered. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines !== "") this.#write(this.#lines);
    this.#lines = "";
  }

  #add(line: string): void {
    this.#lines += `${line}\n`;
    if (this.#lines.length >= flushAt) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), flushAfter);
  }
}

/** Text as one word of a line: quoted unless it is plain, everything but printable ASCII escaped, so that nobody forges one. */
function word(text: string | undefined): string {
  if (text === undefined || text === "") return "-";
  if (/^[!#-~]+$/.test(text) && text !== "-") return text;
  return JSON.stringify(text).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
