/** A path that is there, for other methods. */
export interface Unsupported {
  readonly op: "unsupported";
  readonly allow: string;
}

/** The route of a method out of those that a path has; RFC 9110 §15.5.6 wants the others told. HEAD is a GET without a body. */
export function choose<R>(method: string, routes: Readonly<Record<string, R>>): R | Unsupported {
  const asked = method === "HEAD" ? "GET" : method;
  if (Object.hasOwn(routes, asked)) return routes[asked]!;
  const allow = Object.keys(routes).flatMap((each) => (each === "GET" ? ["GET", "HEAD"] : each));
  return { op: "unsupported", allow: allow.join(", ") };
}
