import type { Endpoint } from "../../notify/endpoint.ts";
import type { ConfigReader } from "./config/reader.ts";
import { framing } from "./httpSettings.ts";

/** Who is told of what happens. */
export interface NotificationSettings {
  readonly endpoints: readonly Endpoint[];
  /** Whether what a manifest names is told with it. */
  readonly includeReferences: boolean;
}

/** The block `notifications`; disabled endpoints are none. @throws ChartroomError `usage` that never shows a header's value */
export function notificationSettings(config: ConfigReader): NotificationSettings {
  const items = config
    .items("notifications.endpoints")
    .filter((item) => config.flag(`${item}.disabled`) !== true);
  const endpoints = items.map((item) => endpointOf(config, item));
  const names = new Set<string>();
  for (const [at, { name }] of endpoints.entries()) {
    // By its name it is known what an endpoint has had.
    if (names.has(name)) throw config.refuse(`${items[at]}.name`, "a name that no other endpoint has");
    names.add(name);
  }
  return { endpoints, includeReferences: config.flag("notifications.events.includereferences") ?? false };
}

/** Times of 0 and thresholds of 0 are the defaults, as in Distribution, whose defaults these are. */
function endpointOf(config: ConfigReader, item: string): Endpoint {
  const name = config.text(`${item}.name`);
  if (name === undefined) throw config.refuse(`${item}.name`, "a name");
  const { url, login } = urlOf(config, `${item}.url`);
  return {
    name,
    url,
    headers: { ...login, ...headersOf(config, `${item}.headers`) },
    timeout: config.wait(`${item}.timeout`) || 1000,
    threshold: config.integer(`${item}.threshold`) || 10,
    backoff: config.wait(`${item}.backoff`) || 1000,
    ignored: {
      mediaTypes: [
        ...config.texts(`${item}.ignoredmediatypes`),
        ...config.texts(`${item}.ignore.mediatypes`),
      ],
      actions: config.texts(`${item}.ignore.actions`),
    },
  };
}

/** Where to, and the header that says who: user and password leave the URL, so that no message shows them. */
function urlOf(config: ConfigReader, path: string): { url: URL; login: Record<string, string> } {
  const url = URL.parse(config.text(path) ?? "");
  if (url === null || !/^https?:$/.test(url.protocol))
    throw config.refuse(path, "a URL like https://receiver.example.com/events", "secret");
  const { username, password } = url;
  url.username = "";
  url.password = "";
  url.hash = "";
  if (username === "" && password === "") return { url, login: {} };
  const pair = [username, password].map(decodeURIComponent).join(":");
  return { url, login: { authorization: `Basic ${Buffer.from(pair).toString("base64")}` } };
}

function headersOf(config: ConfigReader, path: string): Record<string, string> {
  const headers = new Headers();
  for (const [name, values] of config.entries(path))
    for (const value of values) {
      try {
        if (framing.test(name)) throw new TypeError("it frames the message");
        headers.append(name, value);
      } catch {
        throw config.refuse(`${path}.${name}`, "a header's name and values", "secret");
      }
    }
  return Object.fromEntries(headers);
}
