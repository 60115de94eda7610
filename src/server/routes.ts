import { copied } from "../oci/copied.ts";
import { parseRoute, type Route } from "./route.ts";

/** Paths that are remembered, and the longest of them in characters; one more, and all are forgotten. */
const [limit, longest] = [1000, 512];

/**
 * What requests want, and, of those that read, remembered: clients ask for the same things again and again, and to parse a path is a
 * tenth of a small answer.
 */
export class Routes {
  readonly #root: string;
  readonly #reads = new Map<string, Route>();

  /** @param root as of `parseRoute` */
  constructor(root: string) {
    this.#root = root;
  }

  /** A method and a decoded path as a route. @throws RegistryError as `parseRoute` */
  find(method: string, path: string): Route {
    // HEAD asks for what GET does.
    if (method !== "GET" && method !== "HEAD") return parseRoute(method, path, this.#root);
    const known = this.#reads.get(path);
    if (known !== undefined) return known;
    if (path.length > longest) return parseRoute(method, path, this.#root);
    const own = copied(path);
    const route = parseRoute(method, own, this.#root);
    if (this.#reads.size >= limit) this.#reads.clear();
    this.#reads.set(own, route);
    return route;
  }
}
