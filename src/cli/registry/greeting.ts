import type { Address } from "../../server/listen.ts";
import type { Listener } from "../../server/listener.ts";
import type { AccessSettings } from "./accessSettings.ts";
import type { Listening } from "./address.ts";

/** Where a client on this machine finds the server. */
export function urlOf(listener: Listener, listening: Listening): string {
  if ("socket" in listening) return listener.url;
  const url = new URL(listener.url);
  if (["", "::", "0.0.0.0", "localhost"].includes(listening.host)) url.hostname = "localhost";
  return url.origin;
}

/** What there is to say of a registry beside its addresses. */
export interface Greeted {
  /** Where the data is, a sentence. */
  readonly keeping: string;
  /** The file of those who may enter; undefined for everyone. */
  readonly htpasswd: string | undefined;
  /** The command that would make such a file; undefined where none would. */
  readonly addUser: string | undefined;
  /** The rules of who may do what, where there are any. */
  readonly access: AccessSettings | undefined;
  /** Whether nobody may push: it is read-only, or a mirror as a whole. */
  readonly pullsOnly: boolean;
}

/** Where it listens, where it keeps data, who may enter, what to type next; a line each. */
export function greeting(url: string, { addresses }: Listener, greeted: Greeted): string[] {
  const { keeping, htpasswd, addUser, access, pullsOnly } = greeted;
  const hosts = addresses.map((address) => ("socket" in address ? "a socket" : address.hostname));
  const everywhere = hosts.some((host) => host === "::" || host === "0.0.0.0");
  const deeds = pullsOnly ? "pull" : "pull and push";
  return [
    `Listening on ${url} (${everywhere ? "every interface" : hosts.join(" and ")})`,
    keeping,
    access !== undefined
      ? byRules(access, htpasswd)
      : htpasswd !== undefined
        ? `Only users in ${htpasswd} may ${deeds}`
        : `Everyone may ${deeds}${addUser ? `. To ask for logins: ${addUser}, and start again` : ""}`,
    ...nextCommand(url, htpasswd !== undefined),
  ];
}

function byRules({ anonymousPull, rules }: AccessSettings, htpasswd: string | undefined): string {
  if (anonymousPull) return `Everyone may pull, only users in ${htpasswd} may push`;
  const count = rules.repositories.size === 1 ? "One rule says" : `${rules.repositories.size} rules say`;
  return `${count} who may pull and push${htpasswd === undefined ? "" : `; users are in ${htpasswd}`}`;
}

/** What to type first; nothing where no client comes without a proxy in between: by a socket, below a prefix. */
function nextCommand(url: string, withLogin: boolean): string[] {
  const { protocol, host, pathname } = new URL(url);
  if (protocol === "unix:" || pathname !== "/") return [];
  return [
    withLogin
      ? `Next: chartroom registry login ${host}`
      : `Next: chartroom chart save mychart/ ${host}/myrepo/mychart`,
  ];
}

/** An address as one writes it. */
export const shownAddress = (address: Address): string =>
  "socket" in address
    ? address.socket
    : `${address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname}:${address.port}`;
