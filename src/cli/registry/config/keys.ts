import { nearest } from "../../suggest.ts";

/**
 * What becomes of a key.
 * - `honoured`: it does what CNCF Distribution's documentation says, or what the note says
 * - `moot`: accepted; what it is about is so anyway, or does not exist here
 * - `refused`: no start with it, since its effect would be missed; the note says what to use instead
 */
export type Use = "honoured" | "moot" | "refused";

export interface Key {
  readonly use: Use;
  readonly note: string;
}

const honoured = (note: string): Key => ({ use: "honoured", note });
const moot = (note: string): Key => ({ use: "moot", note });
const refused = (note: string): Key => ({ use: "refused", note });

const otherDriver = refused(
  "use `storage.filesystem` for now, on a disk of this machine; `storage.inmemory` for throw-away data",
);
const noMiddleware = refused("use a proxy in front of the registry");

/**
 * Every key of CNCF Distribution's configuration, 2.8 and 3, and our own. `*` stands for any key, `#` for any index. A row
 * speaks for all below it that has no row of its own. docs/configuration.md shows this table, and a test holds them equal.
 */
export const keys: Readonly<Record<string, Key>> = {
  version: honoured("`0.1`; a file without it is refused"),
  "log.level": honoured("`error`, `warn`, `info` (default) or `debug`, which says no more than `info`"),
  "log.formatter": honoured("`text`, `json` or `logstash`; by default text on a terminal, else json"),
  "log.fields.*": honoured(
    "told with each line; in text not with what only informs, in Apache's form not with requests",
  ),
  "log.accesslog.disabled": honoured("no line for each request"),
  "log.accesslog.format": honoured(
    "ours: `combined` writes requests in Apache's form; by default as `log.formatter` says",
  ),
  "log.hooks.#": refused(
    "let what collects the log watch for `error`; a hook with `disabled: true` is passed over",
  ),
  "log.reportcaller": moot("a line of ours has no caller; faults tell where they were thrown"),
  loglevel: honoured("older form of `log.level`, which goes before it"),
  "storage.filesystem.rootdirectory": honoured("the data directory; without it `/var/lib/registry`"),
  "storage.filesystem.maxthreads": moot("file work is limited by the runtime's thread pool"),
  "storage.inmemory": honoured("everything is gone when the registry stops"),
  "storage.delete.enabled": honoured(
    "whether tags, manifests and blobs may be deleted; false when a file does not say, true without a file",
  ),
  "storage.maintenance.readonly.enabled": honoured(
    "every push and delete is answered 405, as with `--read-only`; the data of a Distribution is then served as it lies",
  ),
  "storage.maintenance.uploadpurging.enabled": honoured(
    "whether stale upload sessions are swept; true by default",
  ),
  "storage.maintenance.uploadpurging.age": honoured(
    "how long a session rests before it is stale; 168h by default",
  ),
  "storage.maintenance.uploadpurging.interval": honoured(
    "how often sessions are looked through; 1h by default",
  ),
  "storage.maintenance.uploadpurging.dryrun": honoured("nothing is swept, and nothing listed"),
  "storage.maintenance.collection.enabled": honoured(
    "ours: whether blobs that no manifest names are collected; true by default, never while read-only",
  ),
  "storage.maintenance.collection.grace": honoured(
    "ours: how long a blob stays that no manifest of its repository names; 24h by default",
  ),
  "storage.maintenance.collection.untagged": honoured(
    "ours: whether manifests go, too, that no tag, no index and no subject has held for that long; false by default",
  ),
  "storage.cache": moot("the catalog answers from its own database, and keeps no second truth"),
  "storage.redirect.disable": moot("blobs on a file system are never redirected"),
  "storage.tag.concurrencylimit": moot("tags are looked up in the catalog, one query each"),
  "storage.s3": otherDriver,
  "storage.s3aws": otherDriver,
  "storage.azure": otherDriver,
  "storage.gcs": otherDriver,
  "storage.swift": otherDriver,
  "storage.oss": otherDriver,
  "auth.htpasswd.realm": honoured("what a login dialog calls the place; required"),
  "auth.htpasswd.path": honoured(
    "bcrypt lines; made with a user `docker` when missing, the password logged once; required",
  ),
  "auth.none": honoured("everyone may pull and push"),
  "auth.token": refused("use `auth.htpasswd`"),
  "auth.silly": refused("it lets in whoever sends any header: use `auth.htpasswd`, or `auth: none`"),
  "access.anonymouspull": honoured(
    "ours: `true` lets everyone pull, and whoever logs in push and delete; as `--anonymous-pull`",
  ),
  "access.admins": honoured("ours: users who may everything ([access.md](access.md))"),
  "access.groups.*": honoured("ours: a list of users under one name"),
  "access.repositories.*.pull": honoured("ours: who may pull, of the repositories that the pattern matches"),
  "access.repositories.*.push": honoured("ours: who may push, and pull"),
  "access.repositories.*.delete": honoured("ours: who may delete, and pull"),
  "middleware.registry.#": noMiddleware,
  "middleware.repository.#": noMiddleware,
  "middleware.storage.#": noMiddleware,
  "http.addr": honoured("`HOST:PORT`, `:PORT` for every interface, or with `net: unix` a path"),
  "http.net": honoured("`tcp` (default) or `unix`"),
  "http.host": honoured("`https://charts.example.com`: what Location and Link begin with"),
  "http.prefix": honoured("the API answers at `<prefix>v2/`; `/` stays open for liveness"),
  "http.secret": moot("upload sessions are rows in the catalog: nothing is signed into their URLs"),
  "http.relativeurls": honoured(
    "`false`: Location and Link are whole URLs, by the request's Host; unsaid and `true`: paths, which suit every proxy",
  ),
  "http.draintimeout": honoured("how long requests may go on after SIGTERM; 8s by default"),
  "http.draindelay": honoured(
    "ours: how long requests are still taken after SIGTERM, readiness being turned, so that balancers see it first; 0 by default",
  ),
  "http.trustedproxies.#": honoured(
    "ours: addresses, networks (`10.0.0.0/8`) or `unix` whose `Forwarded` and `X-Forwarded-*` are believed; by default nobody's",
  ),
  "http.tls.certificate": honoured("chain in PEM; read again when it changes, without a restart"),
  "http.tls.key": honoured("its private key in PEM"),
  "http.tls.clientcas.#": honoured("only clients with a certificate of these authorities are let in"),
  "http.tls.clientauth": honoured(
    "`require-and-verify-client-cert` alone, with `clientcas`; the weaker modes are refused",
  ),
  "http.tls.minimumtls": honoured("`tls1.2` (default) or `tls1.3`; older ones are not spoken"),
  "http.tls.ciphersuites.#": honoured(
    "Go's names of the ECDHE suites with GCM or ChaCha20; those of TLS 1.3 are always on",
  ),
  "http.tls.letsencrypt": refused(
    "use `http.tls.certificate` and `key` with an ACME client, as they are read again when they change",
  ),
  "http.debug.addr": honoured("`/healthz`, `/readyz` and `/debug/health` answer there"),
  "http.debug.prometheus.enabled": honoured("metrics on the debug address"),
  "http.debug.prometheus.path": honoured("`/metrics` by default"),
  "http.headers.*": honoured("sent with every answer that does not set the header itself"),
  "http.http2.disabled": moot("HTTP/1.1 is spoken, with and without TLS"),
  "http.h2c.enabled": refused("use HTTP/1.1: proxies speak it to what they serve"),
  "notifications.endpoints.#.name": honoured(
    "what the endpoint is called in log and metrics; required, and no other's: by it is known what it has had",
  ),
  "notifications.endpoints.#.disabled": honoured("true: the endpoint is none, and forgotten"),
  "notifications.endpoints.#.url": honoured(
    "where events go, http or https; required; see docs/notifications.md",
  ),
  "notifications.endpoints.#.headers.*": honoured("sent with each request; never logged"),
  "notifications.endpoints.#.timeout": honoured("how long an answer may take; 1s by default"),
  "notifications.endpoints.#.threshold": honoured(
    "after so many failures in a row it is tried at leisure; 10 by default",
  ),
  "notifications.endpoints.#.backoff": honoured("how often it is tried then; 1s by default"),
  "notifications.endpoints.#.ignoredmediatypes.#": honoured("older form of `ignore.mediatypes`; both count"),
  "notifications.endpoints.#.ignore.mediatypes.#": honoured("events about such content are not sent to it"),
  "notifications.endpoints.#.ignore.actions.#": honoured(
    "such events are not sent to it: `push`, `pull`, `mount`, `delete`",
  ),
  "notifications.events.includereferences": honoured(
    "true: what a manifest names is told with it; false by default",
  ),
  "limits.requests.address": honoured(
    "ours: requests a second of one address, of one network of 64 bits with IPv6; no limit by default",
  ),
  "limits.requests.user": honoured("ours: requests a second of one user; no limit by default"),
  "limits.requests.burst": honoured("ours: so many at once; by default what comes in ten seconds"),
  "limits.logins": honoured("ours: failed logins a minute of one address; 60 by default, 0 for no limit"),
  "limits.uploads.total": honoured("ours: uploads under way at once; 1000 by default, 0 for no limit"),
  "limits.uploads.user": honoured(
    "ours: those of one user, or of one address where nobody logs in; no limit by default",
  ),
  "limits.blob": honoured("ours: the largest blob, as `10GiB` or in bytes; no limit by default"),
  "limits.stall": honoured("ours: how long an upload may bring nothing until it is cut; 60s by default"),
  redis: refused("nothing needs it: the catalog is a database of its own; take the block out"),
  "health.storagedriver.enabled": honoured("the data directory is looked at; a sick one turns readiness"),
  "health.storagedriver.interval": honoured("10s by default"),
  "health.storagedriver.threshold": honoured("failures in a row that count; 3 by default"),
  "health.file.#.file": honoured("while the file is there, readiness is turned"),
  "health.file.#.interval": honoured("10s by default"),
  "health.file.#.threshold": honoured("1 by default"),
  "health.http.#": refused("let what supervises your services watch that address"),
  "health.tcp.#": refused("let what supervises your services watch that address"),
  "proxy.remoteurl": honoured(
    "`https://HOST`: the whole registry is a mirror of that one, and takes no pushes; docs/mirroring.md",
  ),
  "proxy.username": honoured("who this registry is to its upstream; nobody where it is not said"),
  "proxy.password": honoured("sent to the upstream and its token server alone"),
  "proxy.ttl": honoured("how long what nobody asks for is kept; 168h by default, 0 for ever"),
  "proxy.exec": refused("use `proxy.username` and `proxy.password`"),
  "proxy.cachewritetimeout": moot("what is fetched is written while it is given, and no slower"),
  "mirrors.#.name": honoured("ours: what the mirror's repositories begin with, as `charts/stable`"),
  "mirrors.#.url": honoured(
    "ours: a classic chart repository, or `oci://HOST[/PREFIX]`; also `--mirror NAME=URL`; docs/mirroring.md",
  ),
  "mirrors.#.username": honoured("ours: as `proxy.username`"),
  "mirrors.#.password": honoured("ours: as `proxy.password`"),
  "mirrors.#.ttl": honoured("ours: as `proxy.ttl`; for ever by default"),
  "mirrors.#.refresh": honoured("ours: how long a classic repository's index counts; 5m by default"),
  "validation.enabled": moot("manifests are always checked"),
  "validation.disabled": refused(
    "manifests are always checked; `validation.manifests.missing: accept` takes incomplete ones",
  ),
  "validation.manifests.urls": refused(
    "layers' urls are kept as they are and never followed, so no list is held",
  ),
  "validation.manifests.indexes.platforms": honoured(
    "`all` alone; instead of `none` and `list` use `validation.manifests.missing: accept`",
  ),
  "validation.manifests.indexes.platformlist": moot("`platforms: list` is refused"),
  "validation.manifests.missing": honoured(
    "ours: `accept` takes manifests whose blobs or children are missing; `refuse` by default",
  ),
  "policy.repository.classes.#": refused("every kind of artifact is taken; let the logins decide who pushes"),
  "catalog.maxentries": honoured(
    "entries of `_catalog` on one page, at most 1000, the default; a larger `n` is cut down, not refused",
  ),
  "tags.maxtags": honoured("tags on one page, at most 1000, the default"),
  reporting: refused("use `http.debug.prometheus` and the log"),
  "compatibility.schema1.enabled": refused(
    "Docker's schema 1 is not taken; push with a client of this decade",
  ),
  compatibility: moot("about schema 1"),
};

/** Paths of lists, so that an index in a variable's name is known for one. */
export const lists: ReadonlySet<string> = new Set(
  Object.keys(keys).flatMap((path) => (path.includes(".#") ? [path.slice(0, path.lastIndexOf(".#"))] : [])),
);

/** The row of a path, its own or the nearest one above, and whether there are rows below it. */
export function keyAt(path: readonly string[]): { readonly key: Key | undefined; readonly block: boolean } {
  let rows = Object.keys(keys).map((row) => row.split("."));
  let key: Key | undefined;
  for (const [depth, name] of path.entries()) {
    rows = rows.filter((row) => row[depth] === name || row[depth] === "*" || row[depth] === "#");
    const own = rows.find((row) => row.length === depth + 1);
    key = (own === undefined ? undefined : keys[own.join(".")]) ?? key;
  }
  return { key, block: rows.some((row) => row.length > path.length) };
}

/** A sentence about a key that nobody knows, with the one that was probably meant. */
export function unknownKey(path: readonly string[], at: string): string {
  const above = path.slice(0, -1);
  const meant = nearest(path.at(-1) ?? "", namesBelow(above));
  const suggestion = meant === undefined ? "" : `; did you mean ${[...above, meant].join(".")}?`;
  return at.startsWith("REGISTRY_")
    ? `${at} has no effect: there is no ${path.join(".")}${suggestion}`
    : `${path.join(".")} (${at}) is unknown and has no effect${suggestion}`;
}

/** Names that may stand below a path. */
function namesBelow(path: readonly string[]): string[] {
  const rows = Object.keys(keys).map((row) => row.split("."));
  const below = rows.filter((row) => path.every((name, depth) => row[depth] === name || row[depth] === "#"));
  return [...new Set(below.flatMap((row) => row[path.length] ?? []))];
}
