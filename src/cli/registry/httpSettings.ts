import { isIP } from "../../registry/network.ts";
import type { FrontOptions } from "../../server/front.ts";
import type { ConfigReader } from "./config/reader.ts";

/** How the server looks from outside, and how it stops. */
export interface HttpSettings extends FrontOptions {
  /** In ms: requests are still taken for so long once it is asked to, readiness being turned. */
  readonly drainDelay: number;
  /** In ms: then requests may go on for so long. */
  readonly drain: number;
}

/** The block `http`, but for where to listen and TLS. @throws ChartroomError `usage` */
export function httpSettings(config: ConfigReader, defaultDrain: number): HttpSettings {
  const base = baseOf(config);
  return {
    base,
    // Distribution's own default is whole URLs. A path says the same and cannot be wrong behind a proxy.
    absolute:
      base !== undefined
        ? config.flag("http.relativeurls") !== true
        : config.flag("http.relativeurls") === false,
    headers: headersOf(config),
    trusted: trustedOf(config),
    drainDelay: config.wait("http.draindelay") ?? 0,
    drain: config.wait("http.draintimeout") ?? defaultDrain,
  };
}

function baseOf(config: ConfigReader): string | undefined {
  const text = config.text("http.host");
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  const plain =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.search === "" &&
    url.hash === "" &&
    url.username === "" &&
    url.password === "";
  if (!plain) throw config.refuse("http.host", "a URL like https://charts.example.com");
  return url.href.replace(/\/+$/, "");
}

/** Names that say how the message itself is framed: only the server knows. */
export const framing = /^(content-length|transfer-encoding|connection|content-encoding)$/i;

function headersOf(config: ConfigReader): [string, string][] {
  return config.entries("http.headers").flatMap(([name, values]) =>
    values.map((value): [string, string] => {
      try {
        if (framing.test(name)) throw new TypeError("it frames the message");
        new Headers().append(name, value);
        return [name, value];
      } catch {
        throw config.refuse(
          "http.headers",
          `names and values of headers, not ${JSON.stringify(`${name}: ${value}`)}`,
        );
      }
    }),
  );
}

function trustedOf(config: ConfigReader): string[] {
  const entries = config.texts("http.trustedproxies");
  for (const [index, entry] of entries.entries()) {
    const [address = "", length, ...more] = entry.split("/");
    const family = isIP(address);
    const lengthFits =
      length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128));
    if (entry !== "unix" && (family === 0 || !lengthFits || more.length > 0))
      throw config.refuse(`http.trustedproxies.${index}`, "an address, a network like 10.0.0.0/8, or unix");
  }
  return entries;
}
