import { isLoopback } from "../http/loopback.ts";
import type { RegistryHost } from "../oci/reference.ts";

/** What the user says about how to speak to a registry. */
export interface HostOptions {
  /** True asks for http, false for https; without a word the host decides. */
  readonly plainHttp?: boolean | undefined;
  /** Whether the user named certificates, or said not to check them: either means https. */
  readonly tls?: boolean | undefined;
}

/** Docker Hub is called by these names, and answers at another (docker's own rule; Helm 3.2's resolver has it too). */
const hub = new Set(["docker.io", "index.docker.io"]);

/**
 * Where a registry's API begins, as an origin. Without a word of the user that is http for this machine (`localhost`,
 * 127.0.0.0/8, `[::1]`), as Helm 3.0–3.6 had it, and https for all others.
 */
export function originOf(registry: RegistryHost, { plainHttp, tls = false }: HostOptions): URL {
  const host = hub.has(registry) ? "registry-1.docker.io" : registry;
  const url = new URL(`https://${host}`);
  if (plainHttp ?? (!tls && isLoopback(url.hostname))) return new URL(`http://${host}`);
  return url;
}
