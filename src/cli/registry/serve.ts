import { homedir, networkInterfaces } from "node:os";
import { errorCode, nodeFileSystem as fs, ifThere } from "../../files/filesystem.ts";
import { isLoopback } from "../../http/loopback.ts";
import { ChartroomError } from "../../oci/errors.ts";
import type { Authenticator } from "../../registry/access.ts";
import { openHtpasswd } from "../../registry/authenticator.ts";
import { openDataDirectory } from "../../registry/dataDirectory.ts";
import { type Address, checkAddresses } from "../../server/listen.ts";
import { type RunningServer, startServer } from "../../server/server.ts";
import type { Context } from "../context.ts";
import { forPeople, print } from "../output.ts";
import { openRegistry } from "../wiring.ts";
import { type ListenAddress, type RegistryOptions, registrySettings, type UsersFile } from "./settings.ts";
import { readServerTls } from "./tls.ts";

/** How long requests under way may go on once the server stops, in ms: less than the 10 s that `docker stop` waits. */
const drainTime = 8000;

/**
 * `registry serve`: be a registry until Ctrl-C or SIGTERM. What it says goes to standard error; with `-o json` or `-q`
 * standard output gets where it listens, once it does.
 */
export async function serve(_args: string[], options: RegistryOptions, context: Context): Promise<void> {
  const { env, cwd, platform, tell, now, signal } = context;
  const warn = (message: string) => tell(`Warning: ${message}\n`);
  const settings = registrySettings(options, { env, cwd, platform, home: env.HOME || homedir() });
  const { listen, users } = settings;
  if (settings.unheeded.length > 0)
    warn(`these variables have no effect here: ${settings.unheeded.join(", ")}`);
  const tls = settings.tls && (await readServerTls(settings.tls));
  const authenticator = await openUsers(users, warn);

  const addresses = addressesOf(listen);
  await checkAddresses(addresses);

  await using stack = new AsyncDisposableStack();
  const data = await openDataDirectory(settings.data, { fs });
  stack.defer(() => data.release());
  const report = (error: unknown) => warn(error instanceof Error ? error.message : String(error));
  const { registry, close } = await openRegistry(data, now, settings.rules, report);
  stack.defer(close);
  const server = await startServer({
    registry,
    authenticator,
    root: settings.prefix,
    addresses,
    tls,
    log: tell,
    now,
  });
  stack.defer(() => server.stop(drainTime));

  const url = urlOf(server, listen);
  const htpasswd = authenticator === undefined ? null : users.path;
  if (forPeople(options)) tell(greeting(url, server, data.root, htpasswd));
  if (htpasswd === null && !isLocal(listen))
    warn("whoever reaches this machine may push and delete; `chartroom registry user add NAME` ends that");
  const bound = server.addresses.map(({ hostname, port }) => `${bracketed(hostname)}:${port}`);
  const json = { url, addresses: bound, data: data.root, htpasswd };
  print(context, options, { text: "", json, quiet: url });

  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  if (forPeople(options)) tell("Stopping: requests under way may finish. Ctrl-C again ends them.\n");
}

/**
 * Who may enter; undefined for everyone.
 * @throws ChartroomError `invalid` when a file that was asked for is missing or broken, or a default one is broken
 */
async function openUsers(
  { path, realm, named }: UsersFile,
  warn: (message: string) => void,
): Promise<Authenticator | undefined> {
  // The default one lies in the data directory, and that it is a file is told by whoever opens it.
  const stats = await ifThere(fs.stat(path)).catch((error: unknown) => {
    if (named || errorCode(error) !== "ENOTDIR") throw error;
  });
  if (stats !== undefined) return openHtpasswd({ path, realm, fs, warn, now: () => performance.now() });
  if (!named) return undefined;
  throw new ChartroomError("invalid", `Cannot read users from ${path}: no such file`, {
    hint: `Make it with: chartroom registry user add NAME --htpasswd ${path}`,
  });
}

/** Addresses to bind. `localhost` is both of its addresses: which one a client takes is the client's affair. */
function addressesOf({ host, port }: ListenAddress): Address[] {
  if (host === "localhost") return ["127.0.0.1", "::1"].map((hostname) => ({ hostname, port }));
  if (host !== "") return [{ hostname: host, port }];
  // `::` takes IPv4 too (measured), but a machine without IPv6 does not have it.
  const ipv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ family }) => family === "IPv6"));
  return [{ hostname: ipv6 ? "::" : "0.0.0.0", port }];
}

const bracketed = (hostname: string): string => (hostname.includes(":") ? `[${hostname}]` : hostname);

const isLocal = ({ host }: ListenAddress): boolean => host !== "" && isLoopback(host);

/** Where a client on this machine finds the server. */
function urlOf(server: RunningServer, { host }: ListenAddress): string {
  const url = new URL(server.url);
  if (["", "::", "0.0.0.0", "localhost"].includes(host)) url.hostname = "localhost";
  return url.origin;
}

/** Where it listens, where it keeps data, who may enter, what to type next. */
function greeting(url: string, server: RunningServer, data: string, htpasswd: string | null): string {
  const hosts = server.addresses.map(({ hostname }) => hostname);
  const everywhere = hosts.some((host) => host === "::" || host === "0.0.0.0");
  const registry = new URL(url).host;
  return [
    `Listening on ${url} (${everywhere ? "every interface" : hosts.join(" and ")})`,
    `Keeping data in ${data}`,
    htpasswd === null
      ? "Everyone may pull and push. To ask for logins: chartroom registry user add NAME, and start again"
      : `Only users in ${htpasswd} may pull and push`,
    htpasswd === null
      ? `Next: chartroom chart save mychart/ ${registry}/myrepo/mychart`
      : `Next: chartroom registry login ${registry}`,
    "",
  ].join("\n");
}
