import type { BlockList } from "node:net";
import { isLoopback } from "../http/loopback.ts";
import { isIP } from "../registry/network.ts";
import { forwardedOf } from "./forwarded.ts";
import type { Peer } from "./listener.ts";

/** Whom a request comes from: asked for only where it matters. */
type From = Pick<Peer, "address">;

/** How a server looks from outside. */
export interface FrontOptions {
  /** What Location and Link begin with in place of the request's own address, as `https://charts.example.com`. */
  readonly base: string | undefined;
  /** Whether Location and Link are whole URLs; else they are paths. */
  readonly absolute: boolean;
  /** Sent with every answer that does not set the header itself; a name may come more than once. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Addresses, networks, or `unix` for whoever comes through a socket, whose word on the client is believed. */
  readonly trusted: readonly string[];
}

/** A host that can stand in a URL, perhaps with a port: nothing that could end or begin another part of it. */
const plainHost = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** Methods by which nobody changes anything. */
const reading: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** The face of the server: its URLs as clients see them, headers of every answer, what proxies say. */
export class Front {
  readonly #options: FrontOptions;
  /** Undefined where no address is: what it is of brings node's streams along, 4 MiB. */
  readonly #trusted: BlockList | undefined;
  readonly #names: ReadonlySet<string>;

  constructor(options: FrontOptions) {
    this.#options = options;
    this.#names = new Set(options.headers.map(([name]) => name.toLowerCase()));
    if (options.trusted.length === 0) return;
    const trusted = new (process.getBuiltinModule("node:net").BlockList)();
    this.#trusted = trusted;
    for (const entry of options.trusted) {
      const [address = "", length] = entry.split("/");
      const family = isIP(address) === 6 ? "ipv6" : "ipv4";
      if (entry === "unix") continue;
      else if (length === undefined) trusted.addAddress(address, family);
      else trusted.addSubnet(address, Number(length), family);
    }
  }

  /**
   * The client's address: the connection's, or what trusted proxies say stood behind them. Read from the right, as each
   * proxy adds the address that it saw: the first one that is not trusted is the client, what it says itself counts for
   * nothing.
   */
  client(headers: Headers, peer: From): string | undefined {
    if (!this.#trusts(peer)) return peer.address;
    const chain = forwardedOf(headers).clients;
    const hop = chain.findLastIndex((address) => !this.#trusts({ address }));
    // A proxy that names nobody leaves us with itself.
    return (chain[hop] ?? chain[0]) || peer.address;
  }

  /** Whether a browser asks beforehand what another site may do here; it never shows a login then (Fetch, "CORS-preflight"). */
  isPreflight(request: Request): boolean {
    return (
      request.method === "OPTIONS" &&
      this.#names.has("access-control-allow-origin") &&
      request.headers.has("access-control-request-method")
    );
  }

  /**
   * Whether a page of another site has a browser change something here. It may show its user's login, or reach a registry
   * that answers his machine alone: a form to ChartMuseum's API takes no preflight (Fetch, "CORS-safelisted request-header"). Only
   * browsers say where a request comes from. Where answers name sites that may read them, those may change things too.
   */
  isForeign(request: Request, peer: From): boolean {
    if (reading.has(request.method)) return false;
    const origin = request.headers.get("origin");
    if (origin === null) return false;
    if (this.#names.has("access-control-allow-origin")) return false;
    const from = URL.parse(origin);
    if (from?.host !== URL.parse(this.origin(request, peer))?.host) return true;
    return from !== null && this.#mayBeRebound(from, request, peer);
  }

  /**
   * Whether a name that both a page and its request have may be another site's, which leads it to this machine by now (DNS
   * rebinding): a browser sees no difference, and there is no certificate to see it by. It has no login for that name to show.
   */
  #mayBeRebound(from: URL, { headers }: Request, peer: From): boolean {
    if (this.#options.base !== undefined || this.#trusts(peer) || headers.has("authorization")) return false;
    const isName = !isLoopback(from.hostname) && isIP(from.hostname.replace(/^\[|\]$/g, "")) === 0;
    const { address } = peer;
    return from.protocol === "http:" && isName && address !== undefined && isLoopback(address);
  }

  /** Put what belongs to the outside on an answer: headers, and where it says so whole URLs in Location and Link. */
  dress(headers: Headers, request: Request, peer: From): void {
    if (this.#names.size > 0) {
      const own = new Set(headers.keys());
      for (const [name, value] of this.#options.headers)
        if (!own.has(name.toLowerCase())) headers.append(name, value);
    }
    if (!this.#options.absolute) return;
    const origin = this.origin(request, peer);
    const location = headers.get("location");
    const link = headers.get("link");
    if (location?.startsWith("/")) headers.set("location", origin + location);
    if (link?.startsWith("</")) headers.set("link", `<${origin}${link.slice(1)}`);
  }

  /** What the server's URLs begin with: as configured, else as the client used it; empty when its Host is none. */
  origin({ url, headers }: Request, peer: From): string {
    if (this.#options.base !== undefined) return this.#options.base;
    const told = this.#trusts(peer) ? forwardedOf(headers) : undefined;
    const scheme = told?.scheme ?? (url.startsWith("https:") ? "https" : "http");
    const host = told?.host ?? headers.get("host") ?? "";
    return plainHost.test(host) ? `${scheme}://${host}` : "";
  }

  #trusts(from: From): boolean {
    if (this.#trusted === undefined) return false;
    const { address } = from;
    if (address === undefined) return this.#options.trusted.includes("unix");
    // A socket for both families sees IPv4 as ::ffff:a.b.c.d.
    const plain = address.replace(/^::ffff:(?=[\d.]+$)/i, "");
    const family = isIP(plain);
    return family !== 0 && this.#trusted.check(plain, family === 6 ? "ipv6" : "ipv4");
  }
}
