/** A path that is there, for other methods. */
export interface Unsupported {
  readonly op: "unsupported";
  readonly allow: string;
}

/**
 * What a method asks for where `at` says, out of the operations that a path has; RFC 9110 §15.5.6 wants the others told. HEAD is a
 * GET without a body.
 */
export function choose<Op extends string, At extends object>(
  method: string,
  operations: Readonly<Record<string, Op>>,
  at: At,
): (At & { readonly op: Op }) | Unsupported {
  const asked = method === "HEAD" ? "GET" : method;
  if (Object.hasOwn(operations, asked)) return { op: operations[asked]!, ...at };
  const allow = Object.keys(operations).flatMap((each) => (each === "GET" ? ["GET", "HEAD"] : each));
  return { op: "unsupported", allow: allow.join(", ") };
}
