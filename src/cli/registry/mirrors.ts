import { version } from "../../../package.json";
import type { ReadFacts } from "../../chart/facts.ts";
import { readTls } from "../../http/tls.ts";
import { Transport } from "../../http/transport.ts";
import { ChartUpstream } from "../../migrate/chartUpstream.ts";
import { MirroredSite } from "../../migrate/mirroredSite.ts";
import { basic, Site } from "../../migrate/site.ts";
import { parseSite, refusal } from "../../migrate/urls.ts";
import { parseRegistryHost, type Reference, type RepositoryName } from "../../oci/reference.ts";
import type { MirrorSource } from "../../registry/mirror/mirror.ts";
import { openRemote, type RemoteOptions } from "../../remote/open.ts";
import { RemoteUpstream } from "../../remote/upstream.ts";
import type { GlobalOptions } from "../context.ts";
import type { MirrorSettings } from "./mirrorSettings.ts";

/** In ms. Somebody waits for the answer, and where something is kept it is given instead. */
const timeouts = { answer: 10_000, stall: 30_000 };
/** In ms: an upstream that wants to be left alone for longer has its answer passed on. */
const patience = 2_000;

/** What mirrors need of a server. */
interface MirrorNeeds {
  /** ms since 1970 */
  readonly now: () => number;
  /** Ends all that is under way with upstreams. */
  readonly signal: AbortSignal;
  /** Reads archives on another thread. */
  readonly read: ReadFacts;
}

/**
 * Open what the mirrors mirror. Nothing is asked yet.
 * @throws HttpError `tls-file` when a certificate's file is not what its flag asks for
 */
export async function openMirrors(
  mirrors: readonly MirrorSettings[],
  { caFile, certFile, keyFile, insecureSkipTlsVerify: insecure, plainHttp }: GlobalOptions,
  { now, signal, read }: MirrorNeeds,
): Promise<MirrorSource[]> {
  const tls = await readTls({ caFile, certFile, keyFile, insecure });
  const transport = new Transport({ userAgent: `chartroom/${version}`, tls, timeouts, patience, signal });
  const secured = insecure === true || caFile !== undefined || certFile !== undefined;
  return mirrors.map((mirror) =>
    mirror.url.protocol === "oci:"
      ? registryMirror(mirror, { transport, tls: secured, plainHttp: mirror.plainHttp ?? plainHttp })
      : siteMirror(mirror, { transport, tls: secured, plainHttp }, { now, read }),
  );
}

/** How upstreams are reached. */
type Way = Pick<RemoteOptions, "transport" | "tls" | "plainHttp">;

/**
 * Repositories below a prefix of ours are those below a prefix of the registry's. A registry outside may send us on to where it keeps
 * blobs, not to what only we can reach.
 */
function registryMirror({ prefix, url, login, ttl }: MirrorSettings, way: Way): MirrorSource {
  const registry = parseRegistryHost(url.host);
  const home = new URL(`https://${registry}`);
  const transport = way.transport.refusing((to) => refusal(home, to));
  const above = url.pathname.replace(/^\/+|\/+$/g, "");
  const credentials = async () => login && { ...login, source: "the configuration" };
  return {
    prefix,
    ttl,
    open(repository) {
      const there = (above === "" ? repository : `${above}/${repository}`) as RepositoryName;
      return new RemoteUpstream(
        openRemote({ registry, repository: there }, { ...way, transport, credentials }),
      );
    },
  };
}

/**
 * The charts of a classic repository are repositories below the prefix, as `migrate` calls them. Its login, the client certificate
 * and a word on plain http are for its own server: a registry that its index names is a stranger's, asked as nobody.
 */
function siteMirror(
  { prefix, url, login, ttl, refresh }: MirrorSettings,
  way: Way,
  { now, read }: Pick<MirrorNeeds, "now" | "read">,
): MirrorSource {
  const authorization = login && basic(login.username, login.password);
  const home = parseSite(url.href);
  const strangers = {
    ...way,
    transport: way.transport.toStrangers((to) => refusal(home, to)),
    plainHttp: undefined,
  };
  const registry = (reference: Reference) => new RemoteUpstream(openRemote(reference, strangers));
  const source = new Site(home, { transport: way.transport, authorization });
  const site = new MirroredSite(source, { home, registry, read, refresh, now });
  return { prefix, ttl, open: (repository) => new ChartUpstream(site, repository) };
}
