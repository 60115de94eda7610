import { type Digest, tryDigest } from "../oci/digest.ts";
import { type RepositoryName, type Tag, tryRepositoryName, tryTag } from "../oci/reference.ts";
import { type Fault, RegistryError } from "../registry/errors.ts";
import { choose } from "./choose.ts";
import { type ClassicRoute, contextPath, parseClassicRoute } from "./classic/route.ts";

interface InRepository {
  readonly name: RepositoryName;
}
interface AtManifest extends InRepository {
  readonly reference: Tag | Digest;
}
interface AtDigest extends InRepository {
  readonly digest: Digest;
}
interface AtUpload extends InRepository {
  readonly id: string;
}

/** What a request wants, its parts parsed. HEAD is a GET whose answer has no body. */
export type Route =
  | { readonly op: "welcome" }
  | { readonly op: "base" }
  | { readonly op: "list-repositories" }
  | ({ readonly op: "list-tags" } & InRepository)
  | ({ readonly op: "list-referrers" } & AtDigest)
  | ({ readonly op: "pull-manifest" | "push-manifest" | "delete-manifest" } & AtManifest)
  | ({ readonly op: "pull-blob" | "delete-blob" } & AtDigest)
  | ({ readonly op: "open-upload" } & InRepository)
  | ({ readonly op: "show-upload" | "append-upload" | "finish-upload" | "cancel-upload" } & AtUpload)
  | { readonly op: "unsupported"; readonly allow: string }
  | ClassicRoute
  | { readonly op: "unknown" };

const manifestOperations = { GET: "pull-manifest", PUT: "push-manifest", DELETE: "delete-manifest" } as const;
const blobOperations = { GET: "pull-blob", DELETE: "delete-blob" } as const;
const uploadOperations = {
  GET: "show-upload",
  PATCH: "append-upload",
  PUT: "finish-upload",
  DELETE: "cancel-upload",
} as const;

/**
 * A method and a decoded path as a route. The path is read from the right: names hold slashes, and `a/manifests/b`,
 * `tags/list` and `blobs/uploads` are legal names.
 * @param root in front of `/v2/`; `/` welcomes whoever comes, wherever the rest is
 * @throws RegistryError `nameInvalid`, `digestInvalid`, `tagInvalid`, `manifestUnknown` for a part that does not parse
 */
export function parseRoute(method: string, whole: string, root = ""): Route {
  const path = whole.startsWith(`${root}/`) ? whole.slice(root.length) : "";
  if (path === "/" || whole === "/") return choose(method, { GET: "welcome" }, {});
  if (path === "/v2" || path === "/v2/") return choose(method, { GET: "base" }, {});
  if (path === "/v2/_catalog") return choose(method, { GET: "list-repositories" }, {});
  if (path.startsWith(`${contextPath}/`))
    return parseClassicRoute(method, path.slice(contextPath.length + 1)) ?? { op: "unknown" };
  if (!path.startsWith("/v2/")) return { op: "unknown" };
  const segments = path.slice("/v2/".length).split("/");
  const last = segments.pop() ?? "";
  const kind = segments.pop();
  const name = () => parsed(tryRepositoryName, segments.join("/"), "nameInvalid");
  switch (kind) {
    case "tags":
      if (last !== "list") break;
      return choose(method, { GET: "list-tags" }, { name: name() });
    case "referrers": {
      const at = { name: name(), digest: parsed(tryDigest, last, "digestInvalid") };
      return choose(method, { GET: "list-referrers" }, at);
    }
    case "manifests": {
      const at = { name: name(), reference: parseManifestReference(method, last) };
      return choose(method, manifestOperations, at);
    }
    case "blobs": {
      // The specification writes `/blobs/uploads/`; some clients leave the last slash out.
      if (last === "uploads") return choose(method, { POST: "open-upload" }, { name: name() });
      const at = { name: name(), digest: parsed(tryDigest, last, "digestInvalid") };
      return choose(method, blobOperations, at);
    }
    case "uploads": {
      if (segments.pop() !== "blobs") break;
      if (last === "") return choose(method, { POST: "open-upload" }, { name: name() });
      return choose(method, uploadOperations, { name: name(), id: last });
    }
  }
  return { op: "unknown" };
}

/**
 * A tag or a digest, and nothing else: what holds a colon is a digest, well-formed or refused. Whoever pulls by a name that
 * no tag can have asks for what is not there, and that is 404 (distribution-spec, "Pulling manifests").
 */
function parseManifestReference(method: string, text: string): Tag | Digest {
  if (text.includes(":")) return parsed(tryDigest, text, "digestInvalid");
  return parsed(tryTag, text, method === "GET" || method === "HEAD" ? "manifestUnknown" : "tagInvalid");
}

function parsed<T>(parse: (text: string) => T | undefined, text: string, fault: Fault): T {
  const value = parse(text);
  if (value === undefined) throw new RegistryError(fault, { details: [{ found: text }] });
  return value;
}
