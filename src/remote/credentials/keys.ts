import type { LoginTarget } from "./credential.ts";

/** Docker Hub's names all stand for one key, in every tool's file. */
const hubKey = "https://index.docker.io/v1/";
const hubNames = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

/** The key that a login is written under, and that helpers know it by: `host[/path]`, or Docker Hub's old URL. */
export const keyOf = ({ registry, path }: LoginTarget): string => {
  const host = hubNames.has(registry) ? "docker.io" : registry;
  if (path !== undefined) return `${host}/${path}`;
  return host === "docker.io" ? hubKey : registry;
};

/**
 * A key as `host[/path]`, so that two can be compared. Keys were URLs once: `https://host/v1/` means `host`. Letter case
 * does not tell hosts apart, and repositories have none.
 */
export function plainKey(key: string): string {
  const bare = key
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/\/+$/, "")
    .replace(/^([^/]+)\/v[12]$/, "$1");
  const slash = bare.indexOf("/");
  const host = slash < 0 ? bare : bare.slice(0, slash);
  return (hubNames.has(host) ? "docker.io" : host) + (slash < 0 ? "" : bare.slice(slash));
}

/** The keys that mean just this target: the one that we would write first, then others in their order. */
export function sameKeys(keys: readonly string[], target: LoginTarget): string[] {
  const exact = keyOf(target);
  const wanted = plainKey(exact);
  const same = keys.filter((key) => plainKey(key) === wanted);
  return same.includes(exact) ? [exact, ...same.filter((key) => key !== exact)] : same;
}

/**
 * The targets whose logins are good for this one, the nearest first: `host/a/b`, `host/a`, `host`. Whole parts of the path
 * count, as in containers-auth.json(5).
 */
export function enclosing({ registry, path }: LoginTarget): LoginTarget[] {
  const parts = path?.split("/") ?? [];
  const paths = parts.map((_, i) => parts.slice(0, parts.length - i).join("/") as typeof path);
  return [...paths.map((each) => ({ registry, path: each })), { registry }];
}
