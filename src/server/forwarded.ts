import { isIP } from "../registry/network.ts";

/** What proxies say of the request that came to them. */
export interface Forwarded {
  /** Addresses, the client's first, then each proxy's but the last. */
  readonly clients: readonly string[];
  readonly scheme: "http" | "https" | undefined;
  readonly host: string | undefined;
}

/**
 * What the `X-Forwarded-*` headers say, else `Forwarded` (RFC 7239): to be asked only of requests from a trusted proxy.
 * In this order, since most proxies write the former alone and pass the latter on as the client sent it: a client must not
 * go before its proxy. Scheme and host are those that the first proxy was asked by, as CNCF Distribution takes them.
 */
export function forwardedOf(headers: Headers): Forwarded {
  const listOf = (name: string) =>
    (headers.get(name) ?? "")
      .split(",")
      .map((text) => text.trim())
      .filter((text) => text !== "");
  const hops = headers.get("forwarded")?.split(",").map(parametersOf);
  const chains = [
    listOf("x-forwarded-for"),
    hops?.map((hop) => hop.get("for") ?? "") ?? [],
    listOf("x-real-ip").slice(0, 1),
  ];
  return {
    clients: (chains.find((chain) => chain.length > 0) ?? []).map(addressOf),
    scheme: schemeOf(listOf("x-forwarded-proto")[0] ?? hops?.[0]?.get("proto")),
    host: listOf("x-forwarded-host")[0] ?? hops?.[0]?.get("host"),
  };
}

/** `for=192.0.2.60;proto=http;host="a.example:8080"`: names in any case, values as tokens or quoted. */
function parametersOf(element: string): Map<string, string> {
  const pairs = element.matchAll(/(?:^|;)\s*([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g);
  return new Map(
    [...pairs].map(([, name = "", quoted, token]) => [
      name.toLowerCase(),
      quoted?.replace(/\\(.)/g, "$1") ?? token ?? "",
    ]),
  );
}

const schemeOf = (text: string | undefined): Forwarded["scheme"] => {
  const scheme = text?.toLowerCase();
  return scheme === "http" || scheme === "https" ? scheme : undefined;
};

/** An address without brackets and port; what is none (`unknown`, `_hidden`) stays as it is, and is nobody trusted. */
function addressOf(text: string): string {
  const [, bracketed] = /^\[([^\]]+)\](?::\d+)?$/.exec(text) ?? [];
  const address = bracketed ?? (isIP(text) === 0 ? text.replace(/:\d+$/, "") : text);
  return isIP(address) === 0 ? text : address;
}
