/** What Go's encoder escapes although JSON does not ask for it, so that JSON may stand inside HTML. */
const escaped: Record<string, string> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/**
 * A value as the bytes that Go's `json.Marshal` makes of it: compact, UTF-8, with `<`, `>`, `&`, U+2028 and U+2029 escaped.
 * An object is a Go struct: its members come in their own order. A `Map` is a Go map: its keys come in the order of their
 * bytes. Helm's config is made this way, and its digest depends on each byte.
 */
export const goJson = (value: unknown): Uint8Array =>
  new TextEncoder().encode(encode(value).replace(/[<>&\u2028\u2029]/g, (character) => escaped[character]!));

function encode(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(encode).join(",")}]`;
  if (value instanceof Map) return encodeMembers([...value].sort(byKeyBytes));
  if (typeof value === "object" && value !== null) return encodeMembers(Object.entries(value));
  return JSON.stringify(value);
}

const encodeMembers = (members: [string, unknown][]): string =>
  `{${members.map(([key, member]) => `${JSON.stringify(key)}:${encode(member)}`).join(",")}}`;

const byKeyBytes = ([a]: [string, unknown], [b]: [string, unknown]): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b));
