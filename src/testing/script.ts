import { refuse, type TestRegistry, testRegistry } from "./registry.ts";

/** One answer of a scripted registry. */
export interface Scripted {
  /** The method and a part of the path: `GET /token`, `PUT /manifests/`, `* /blobs/`. */
  readonly on: string;
  /** Only for requests with such an `Authorization`: `none`, `Basic` or `Bearer`; without, for all. */
  readonly as?: "none" | "Basic" | "Bearer";
  /** Only the first so many times. */
  readonly times?: number;
  readonly status: number;
  /** Code and message of an error as distribution-spec has it. */
  readonly error?: readonly [code: string, message: string];
  /** Another body, as JSON or text. */
  readonly body?: unknown;
  /** `ORIGIN` in a value stands for the registry's own origin. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A registry that answers by a script where that has something to say, and as a plain one does elsewhere. */
export function scriptedRegistry(script: readonly Scripted[]): TestRegistry {
  const left = new Map(script.map((each) => [each, each.times ?? Number.POSITIVE_INFINITY]));
  const made: TestRegistry = testRegistry((request, url) => {
    const sent = request.headers.get("authorization")?.split(" ")[0] ?? "none";
    const found = script.find(({ on, as }, i) => {
      const [method = "", part = ""] = on.split(" ");
      return (
        (method === "*" || method === request.method) &&
        url.pathname.includes(part) &&
        (as ?? sent) === sent &&
        left.get(script[i]!)! > 0
      );
    });
    if (found === undefined) return undefined;
    left.set(found, left.get(found)! - 1);
    const headers = Object.fromEntries(
      Object.entries(found.headers ?? {}).map(([name, value]) => [
        name,
        value.replaceAll("ORIGIN", made.origin),
      ]),
    );
    if (found.error !== undefined) return refuse(found.status, ...found.error, headers);
    if (found.body === undefined) return new Response(null, { status: found.status, headers });
    return typeof found.body === "string"
      ? new Response(found.body, { status: found.status, headers })
      : Response.json(found.body, { status: found.status, headers });
  });
  return made;
}
