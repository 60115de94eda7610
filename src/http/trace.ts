/** Takes one line of a trace, without its newline. */
export type Trace = (line: string) => void;

/** Names of parameters whose values are harmless. All others may be signatures, tokens or an upload's sealed state. */
const harmless = new Set([
  ...["n", "last", "digest", "mount", "from", "artifactType", "tag", "ns"],
  ...["service", "scope", "client_id"],
]);
const secretHeader = /authorization|cookie|token|secret|signature|password|api-?key|credential/i;

/** `text` with the values of unknown query parameters, and user names and passwords in URLs, replaced by `REDACTED`. */
export const redactUrls = (text: string): string =>
  text
    .replace(/([?&])([^=&?\s<>"]+)=[^&\s<>"]*/g, (all, mark, name) =>
      harmless.has(name) ? all : `${mark}${name}=REDACTED`,
    )
    .replace(/\/\/[^/@\s]+@/g, "//REDACTED@");

/** A header as a line of trace: of a secret only the scheme is shown. */
export function redactHeader(name: string, value: string): string {
  if (!secretHeader.test(name)) return `${name}: ${redactUrls(value)}`;
  const scheme = /^(Basic|Bearer) /i.exec(value)?.[0] ?? "";
  return `${name}: ${scheme}REDACTED`;
}

/** A request line and its headers, each line marked with `mark`. */
export function traceMessage(trace: Trace, mark: string, firstLine: string, headers: Headers): void {
  trace(`${mark} ${redactUrls(firstLine)}`);
  for (const [name, value] of headers) trace(`${mark} ${redactHeader(name, value)}`);
}
