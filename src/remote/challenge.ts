/** One way to log in that a server offers in `WWW-Authenticate`. */
export interface Challenge {
  /** In lower case: `basic`, `bearer`. */
  readonly scheme: string;
  /** By name in lower case; of a name that comes twice the first counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

// RFC 9110 §5.6.2, §5.6.4 and §11.2: token, quoted-string, token68.
const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const parameter = new RegExp(`\\s*(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))\\s*(?=,|$)`, "y");
const scheme = new RegExp(`\\s*(${token})(?:\\s+|(?=,|$))`, "y");
const token68 = /[A-Za-z0-9._~+/-]+=*\s*(?=,|$)/y;

/**
 * The challenges of a `WWW-Authenticate` header, several of which may stand in one value (RFC 9110 §11.6.1), in order.
 * What does not parse ends the list: better to miss an offer than to mistake one.
 */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(header);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  while (at < header.length) {
    // A comma divides both parameters and challenges: a name with "=" behind it goes on, one without begins anew.
    const pair = match(parameter);
    const current = challenges.at(-1);
    if (pair !== null && current !== undefined) {
      const [, name = "", quoted, plain = ""] = pair;
      const key = name.toLowerCase();
      if (!current.parameters.has(key))
        current.parameters.set(key, quoted === undefined ? plain : quoted.replace(/\\(.)/g, "$1"));
    } else {
      const named = pair === null ? match(scheme) : null;
      if (named === null) break;
      challenges.push({ scheme: (named[1] ?? "").toLowerCase(), parameters: new Map() });
      if (!startsParameter(header, at)) match(token68);
      else continue;
    }
    if (match(/\s*,[\s,]*/y) === null) break;
  }
  return challenges;
}

function startsParameter(header: string, at: number): boolean {
  parameter.lastIndex = at;
  return parameter.test(header);
}
