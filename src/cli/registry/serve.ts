import { homedir, hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { version } from "../../../package.json";
import { Attempts } from "../../registry/attempts.ts";
import { archiveThread } from "../../registry/charts/archiveThread.ts";
import { WritesStopped } from "../../registry/writeStop.ts";
import { debugAnswer } from "../../server/debug.ts";
import { Front } from "../../server/front.ts";
import { Health } from "../../server/health.ts";
import { Limits } from "../../server/limits.ts";
import { checkAddresses } from "../../server/listen.ts";
import { listen } from "../../server/listener.ts";
import { Log } from "../../server/log.ts";
import type { LogLevel } from "../../server/logLine.ts";
import { Metrics } from "../../server/metrics.ts";
import { startServer } from "../../server/server.ts";
import type { Context } from "../context.ts";
import { compileEagerly } from "../jit.ts";
import { forPeople, print } from "../output.ts";
import { openAccess } from "./access.ts";
import { addressesOf, isLocal, type Listening } from "./address.ts";
import { greeting, shownAddress, urlOf } from "./greeting.ts";
import type { LogSettings } from "./logSettings.ts";
import { mirrorGauges } from "./mirrorGauges.ts";
import { mirrorLine } from "./mirrorSettings.ts";
import { openMirrors } from "./mirrors.ts";
import { notificationGauges } from "./notificationGauges.ts";
import { openServed } from "./served.ts";
import { enterServerRuntime } from "./serverRuntime.ts";
import { ownData, type RegistryOptions, readSettings } from "./settings.ts";
import { followServerTls, readServerTls } from "./tls.ts";
import { openUsers } from "./users.ts";
import { collectionGauges, gaugesOf, healthChecks, writeCheck } from "./watch.ts";

/** How often certificates are looked at, in ms: whoever renews them has days. */
const tlsEvery = 10_000;

/**
 * `registry serve [CONFIG]`: be a registry until Ctrl-C or SIGTERM. What it says goes to standard error; with `-o json` or
 * `-q` standard output gets where it listens, once it does.
 */
export async function serve([file]: string[], options: RegistryOptions, context: Context): Promise<void> {
  await enterServerRuntime(context);
  compileEagerly();
  const { env, cwd, platform, now, signal } = context;
  const place = { env, cwd, platform, home: env.HOME || homedir() };
  const settings = await readSettings(file, options, place);
  await using stack = new AsyncDisposableStack();
  const log = logOf(settings.log, context);
  stack.defer(() => log.flush());
  const say = (level: LogLevel, message: string, fields?: Readonly<Record<string, string>>) => {
    log.message(now(), level, message, fields);
    log.flush();
  };
  const warn = (message: string) => say("warn", message);
  // A password that the log's level hides would be lost for ever.
  const announce = (message: string, fields: Readonly<Record<string, string>>) =>
    say(settings.log.level === "error" ? "error" : "warn", message, fields);
  for (const warning of settings.warnings) warn(warning);
  const tls = settings.tls && (await readServerTls(settings.tls));
  const addresses = addressesOf(settings.listen);
  await checkAddresses(addresses);
  if (settings.debug !== undefined) await checkAddresses(addressesOf(settings.debug.listen));
  const elapsed = () => performance.now();
  const { logins, stall } = settings.limits;
  const attempts = logins === undefined ? undefined : new Attempts(logins, elapsed);
  const authenticator = settings.users && (await openUsers(settings.users, warn, announce, attempts));
  const htpasswd = authenticator === undefined ? undefined : settings.users?.path;
  const access = await openAccess(settings.access, htpasswd, warn);

  const report = (error: unknown) =>
    say(
      error instanceof WritesStopped ? "error" : "warn",
      error instanceof Error ? error.message : String(error),
    );
  const upstreams = new AbortController();
  const archives = archiveThread();
  // A mirror writes when it is read: meanwhile it is an ordinary repository, with what it has.
  const mirrored = settings.readOnly ? [] : settings.mirrors;
  const mirrors = await openMirrors(mirrored, options, {
    now,
    signal: upstreams.signal,
    read: archives.read,
  });
  const { registry, writes, waiting, notifications, data, keeping, close } = await openServed(settings, {
    now,
    report,
    signal,
    note: (message) => say("info", message),
    warn,
    mirrors,
    notifications: {
      ...settings.notifications,
      source: sourceOf(settings.listen),
      userAgent: `chartroom/${version}`,
      now,
      say,
    },
  });
  stack.defer(close);
  stack.defer(() => {
    upstreams.abort();
    archives.stop();
  });

  const health = new Health();
  stack.defer(() => health.stop());
  await health.start([...healthChecks(settings.health, data), writeCheck(writes)]);
  const metrics = new Metrics([
    ...gaugesOf(data, waiting),
    ...collectionGauges(registry.collector),
    ...(mirrors.length === 0 ? [] : mirrorGauges(registry.mirrored)),
    ...(notifications === undefined ? [] : notificationGauges(notifications)),
  ]);
  if (settings.debug !== undefined) {
    const { listen: where, metrics: metricsPath } = settings.debug;
    const debug = await listen(addressesOf(where), undefined, (request) =>
      debugAnswer({ health, metrics, metricsPath }, request),
    );
    stack.defer(() => debug.stop(0));
    if (forPeople(options)) say("info", `Health and metrics on ${urlOf(debug, where)}`);
  }

  const server = await startServer({
    registry,
    authenticator,
    access,
    root: settings.prefix,
    addresses,
    tls,
    log,
    version,
    now,
    front: new Front(settings.http),
    readOnly: settings.readOnly,
    pages: settings.pages,
    metrics,
    notifications,
    limits: new Limits(settings.limits, elapsed),
    stall,
  });
  stack.defer(() => server.stop(settings.http.drain));
  if (settings.tls !== undefined && tls !== undefined)
    stack.defer(
      followServerTls(
        settings.tls,
        tls,
        tlsEvery,
        (fresh) => {
          server.renew(fresh);
          say("info", "New connections get the new certificate");
        },
        warn,
      ),
    );

  const url = `${urlOf(server, settings.listen)}${settings.prefix}`;
  const elsewhere = settings.data === ownData(undefined, place) ? "" : ` --data ${settings.data}`;
  const addUser = settings.users && `chartroom registry user add NAME${elsewhere}`;
  const pullsOnly = settings.readOnly || mirrored.some(({ prefix }) => prefix === "");
  if (forPeople(options)) for (const mirror of mirrored) say("info", mirrorLine(mirror));
  if (forPeople(options))
    for (const line of greeting(url, server, {
      keeping,
      htpasswd,
      addUser,
      access: settings.access,
      pullsOnly,
    }))
      say("info", line);
  if (settings.readOnly) warn("read-only for maintenance: pushes and deletes are refused");
  const closed =
    pullsOnly || htpasswd !== undefined || access !== undefined || (settings.tls?.clientCas.length ?? 0) > 0;
  if (!closed && !isLocal(settings.listen))
    warn(
      `whoever reaches this machine may push and delete${addUser ? `; \`${addUser}\` and a new start end that` : ""}`,
    );
  const bound = server.addresses.map(shownAddress);
  const json = { url, addresses: bound, data: data?.root ?? null, htpasswd: htpasswd ?? null };
  print(context, options, { text: "", json, quiet: url });

  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  health.stopping();
  if (forPeople(options)) say("info", "Stopping: requests under way may finish. Ctrl-C again ends them.");
  await sleep(settings.http.drainDelay);
}

/** The registry as events name it; the instance is this run of it. */
const sourceOf = (listening: Listening) => ({
  addr: "port" in listening ? `${hostname()}:${listening.port}` : hostname(),
  instanceID: crypto.randomUUID(),
});

/** Text for a person at a terminal, JSON for whatever collects a service's standard error. */
function logOf({ level, format, requests, fields }: LogSettings, { tell, terminal }: Context): Log {
  const used = format ?? (terminal.stderr ? "text" : "json");
  return new Log(tell, { level, format: used, requests: requests === "as-all" ? used : requests, fields });
}
