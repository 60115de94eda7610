import { type LogFormat, type LoggedRequest, type LogLevel, messageLine, requestLine } from "./logLine.ts";

export type { LoggedRequest } from "./logLine.ts";

/** What is written, and how. */
export interface LogOptions {
  readonly format?: Exclude<LogFormat, "combined">;
  /** How requests are written, where that differs. */
  readonly requests?: LogFormat | "off";
  /** Less weighty messages are left out. Requests are not messages. */
  readonly level?: LogLevel;
  /** Told with each line. */
  readonly fields?: Readonly<Record<string, string>>;
}

const weights = { error: 3, warn: 2, info: 1, debug: 0 } as const;

/** Lines wait no longer than this, in ms, */
const flushAfter = 100;
/** and no more than so many characters of them. */
const flushAt = 64 * 1024;

/** The server's log: one line for each request and message, gathered and written together. */
export class Log {
  readonly #write: (text: string) => void;
  readonly #options: Required<LogOptions>;
  #lines = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param write takes whole lines */
  constructor(write: (text: string) => void, options: LogOptions = {}) {
    const { format = "text", requests = format, level = "info", fields = {} } = options;
    this.#write = write;
    this.#options = { format, requests, level, fields };
  }

  /** A request has come. Where from is nobody's to say once the client is gone: it is asked for now. */
  began(request: Pick<LoggedRequest, "address">): void {
    if (this.#options.requests !== "off") void request.address;
  }

  /** It is through. */
  request(request: LoggedRequest): void {
    const { requests, fields } = this.#options;
    if (requests !== "off") this.#add(requestLine(requests, request, fields));
  }

  /** A sentence, and more to it for programs. */
  message(at: number, level: LogLevel, message: string, fields?: Readonly<Record<string, string>>): void {
    if (weights[level] < weights[this.#options.level]) return;
    this.#add(messageLine(this.#options.format, { at, level, message, fields }, this.#options.fields));
  }

  /** What went wrong, with its trace, on one line. */
  fault(at: number, error: unknown): void {
    this.message(at, "error", error instanceof Error ? (error.stack ?? error.message) : String(error));
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
