import { isLoopback } from "./loopback.ts";

/** What a TLS connection is made with: certificates and keys in PEM. */
export interface TlsOptions {
  /** All that is trusted: this list takes the place of the runtime's own. */
  readonly ca?: string[];
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized?: boolean;
}

type Body = Uint8Array | ReadableStream<Uint8Array>;

/**
 * One request and its answer as they go over the wire: redirects are not followed and bodies not decoded. Here stand all
 * options of fetch that are Bun's own.
 *
 * - `decompress: false`: a `.tgz` that is labelled `Content-Encoding: gzip` would come unpacked, with another digest.
 * - `redirect: "manual"`: Bun 1.4.5 sends an upload again, empty, when it is redirected.
 * - `proxy`: Bun reads `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` by itself, but would send requests to this
 *   very machine through them (measured), which no other client does.
 */
export function fetchOnce(
  url: URL,
  { body, ...init }: { method: string; headers: Headers; signal: AbortSignal; body: Body | undefined },
  tls: TlsOptions | undefined,
): Promise<Response> {
  const options: BunFetchRequestInit = {
    ...init,
    redirect: "manual",
    decompress: false,
    // The cast: types keep out bytes in shared memory, of which we have none.
    ...(body !== undefined && { body: body as BodyInit }),
    ...(tls !== undefined && { tls }),
    ...(isLoopback(url.hostname) && { proxy: false }),
  };
  return fetch(url, options);
}

/** The variable that names a proxy for `url`, or undefined: for messages only, so `NO_PROXY` is not looked into. */
export function proxyVariable(
  url: URL,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  if (isLoopback(url.hostname)) return undefined;
  const name = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  return [name, name.toLowerCase(), "ALL_PROXY", "all_proxy"].find((each) => env[each]);
}
