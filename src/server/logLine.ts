/** A request that was answered. */
export interface LoggedRequest {
  /** When it came, ms since 1970. */
  readonly at: number;
  /** Tells it from others in the log. */
  readonly id: string;
  readonly address: string | undefined;
  readonly user: string | undefined;
  readonly method: string;
  /** As it came, without the query: that may hold what is nobody's business. */
  readonly path: string;
  /** What it wants, as the route says; undefined when it did not parse. */
  readonly operation: string | undefined;
  readonly repository: string | undefined;
  readonly digest: string | undefined;
  readonly status: number;
  /** Bytes of the request's body that were read. */
  readonly received: number;
  /** Bytes of the answer's body. */
  readonly size: number;
  /** In ms. */
  readonly took: number;
  readonly agent: string | null;
  /** The page that a browser came from, for Apache's form alone. */
  readonly referrer?: string | null;
}

export type LogLevel = "error" | "warn" | "info" | "debug";
export type LogFormat = "text" | "json" | "logstash" | "combined";

/** Something said that is no request. */
export interface LoggedMessage {
  readonly at: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields?: Readonly<Record<string, string>> | undefined;
}

/** A request as one line, without its end. */
export function requestLine(
  format: LogFormat,
  request: LoggedRequest,
  fields: Readonly<Record<string, string>>,
): string {
  switch (format) {
    case "text":
      return textOf(request) + pairsOf(fields);
    case "combined":
      return combinedOf(request);
    default:
      // Written out: to copy these from an object in between took a third of a line's 1 µs.
      return JSON.stringify({
        ...headOf(format, request.at, "info", "request"),
        id: request.id,
        address: request.address,
        user: request.user,
        method: request.method,
        path: request.path,
        operation: request.operation,
        repository: request.repository,
        digest: request.digest,
        status: request.status,
        received: request.received,
        agent: request.agent,
        sent: request.size,
        ms: Math.round(request.took * 10) / 10,
        ...fields,
      });
  }
}

/** A message as one line, without its end. For a person's eyes it has no time and no level unless it warns. */
export function messageLine(
  format: Exclude<LogFormat, "combined">,
  { at, level, message, fields }: LoggedMessage,
  always: Readonly<Record<string, string>>,
): string {
  if (format !== "text")
    return JSON.stringify({ ...headOf(format, at, level, message), ...fields, ...always });
  const mark =
    level === "error" ? `${new Date(at).toISOString()} fault ` : level === "warn" ? "Warning: " : "";
  return `${mark}${level === "error" ? word(message) : message}${pairsOf({ ...fields, ...(mark !== "" && always) })}`;
}

/** What a JSON object begins with: names as logrus has them, which Distribution logs with, or as logstash wants them. */
function headOf(format: "json" | "logstash", at: number, level: LogLevel, message: string): object {
  const time = new Date(at).toISOString();
  return format === "json"
    ? { time, level, msg: message }
    : { "@timestamp": time, "@version": "1", level, message };
}

const textOf = ({ at, address, user, method, path, status, size, took, agent }: LoggedRequest): string =>
  `${new Date(at).toISOString()} ${[address, user, method, path].map(word).join(" ")} ${status} ${size}B ${took.toFixed(1)}ms ${word(agent ?? undefined)}`;

/** Apache's combined form (httpd.apache.org, mod_log_config). */
function combinedOf(request: LoggedRequest): string {
  const { at, address, user, method, path, status, size, agent } = request;
  // Its query, too, may hold what is nobody's business.
  const referrer = request.referrer?.replace(/[?#].*$/s, "") ?? "";
  const [, month, day, year, time] =
    /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(at).toUTCString()) ?? [];
  const quoted = (text: string) => {
    const escaped = word(text);
    return escaped.startsWith('"') || text === "" ? escaped.replace(/^-$/, '"-"') : `"${escaped}"`;
  };
  const when = `${month}/${day}/${year}:${time} +0000`;
  return `${word(address)} - ${word(user)} [${when}] ${quoted(`${method} ${path} HTTP/1.1`)} ${status} ${size} ${quoted(referrer)} ${quoted(agent ?? "")}`;
}

const pairsOf = (fields: Readonly<Record<string, string>>): string =>
  Object.entries(fields)
    .map(([name, value]) => ` ${word(name)}=${word(value)}`)
    .join("");

/** Text as one word of a line: quoted unless it is plain, everything but printable ASCII escaped, so that nobody forges one. */
function word(text: string | undefined): string {
  if (text === undefined || text === "") return "-";
  if (/^[!#-~]+$/.test(text) && text !== "-") return text;
  return JSON.stringify(text).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
