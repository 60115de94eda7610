import { join, resolve } from "node:path";
import type { Renaming } from "../../chart/rewriteDependencies.ts";
import { ifThere } from "../../files/filesystem.ts";
import type { MigrationTarget } from "../../migrate/migrate.ts";
import type { Naming } from "../../migrate/plan.ts";
import { RepositoryMetadata } from "../../migrate/repositoryMetadata.ts";
import { repositoryNameOf, repositoryPathOf } from "../../migrate/repositoryName.ts";
import { basic, Site } from "../../migrate/site.ts";
import type { ChartSource } from "../../migrate/source.ts";
import { namesSite, parseSite } from "../../migrate/urls.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { limiter } from "../../oci/limiter.ts";
import type { RemoteOptions } from "../../remote/open.ts";
import { connectionOf } from "../connection.ts";
import type { Context } from "../context.ts";
import { namedByIndex, openDirectory } from "../namedByIndex.ts";
import { type OpenPlace, openPlace } from "../openPlace.ts";
import { isBelow, type Place, parsePlace } from "../place.ts";
import { passwordFromInput } from "../registry/secret.ts";
import { openStore } from "../store.ts";
import { type MigrateOptions, rewritingOf } from "./options.ts";
import { StoredCharts } from "./stored.ts";
import { storedWorks } from "./storedWorks.ts";
import { type How, indexedWorks, type Works } from "./works.ts";

/** Both ends of a migration. */
export interface Ends {
  readonly source: Pick<ChartSource, "index">;
  /** What the target's repositories begin with, host included. */
  readonly prefix: string;
  readonly naming: Naming;
  works(how: How): Works;
  readonly target: MigrationTarget;
  /** What goes along with charts, once for each repository. */
  readonly metadata?: RepositoryMetadata | undefined;
  /** Names the source, whatever directory one is in. */
  readonly key: string;
  /** What to look at when the source has nothing. */
  readonly hint: string;
}

/** @throws ChartroomError `usage` for what is no source or no target */
export async function openEnds(
  source: string,
  target: string,
  options: MigrateOptions,
  context: Context,
): Promise<Ends> {
  const place = parsePlace(target.endsWith("/") ? target : `${target}/`);
  if (!isBelow(place.what) || place.what.prefix === "")
    throw new ChartroomError("usage", `Cannot migrate to "${target}": the registry's name is missing`, {
      hint: "For example oci://localhost:5000/charts, or store:localhost:5000/charts.",
    });
  const { prefix } = place.what;
  const connection = await connectionOf(options, context);
  const over = (plainHttp = connection.plainHttp) => ({ ...connection, plainHttp });
  const to = openPlace(place, { ...over(options.toPlainHttp), access: "push" }, options, context);
  const stored = await storedPlace(source, context);
  if (stored !== undefined)
    return storedEnds(stored, to, prefix, over(options.fromPlainHttp), options, context);
  const from = await openSource(source, connection, options, context);
  const there = below(to, prefix, context.signal);
  // Artifact Hub reads registries: nobody looks for it in a layout.
  const metadata = to.host === undefined ? undefined : new RepositoryMetadata(from, there);
  const site = isSite(source) ? parseSite(source) : undefined;
  const isSource = site && ((repository: string) => namesSite(site, repository));
  const renaming = isSource && options.rewriteDependencies ? renamingOf(isSource, prefix) : undefined;
  return {
    source: from,
    prefix,
    key: isSite(source) ? source : resolve(context.cwd, source),
    naming: repositoryNameOf,
    works: (how) => indexedWorks({ ...how, source: from, target: there, renaming, isSource }),
    target: there,
    metadata,
    hint: "Is this the repository's index.yaml?",
  };
}

/** Where a dependency in the source is in the target. One whose repository is called otherwise there cannot be named. */
const renamingOf =
  (isSource: (repository: string) => boolean, prefix: string): Renaming =>
  ({ name, repository }) =>
    isSource(repository) && repositoryNameOf(name) === name
      ? `oci://${prefix.replace(/\/$/, "")}`
      : undefined;

function below(place: OpenPlace, prefix: string, signal: AbortSignal): MigrationTarget {
  let listed: Promise<ReadonlySet<string> | undefined> | undefined;
  return {
    // Where each look is a request, one list of all spares one for every tag of what is new.
    async lacks(repository) {
      if (place.host === undefined) return false;
      listed ??= namesBelow(place, prefix, signal);
      const names = await listed;
      return names !== undefined && !names.has(prefix + repository);
    },
    reads: (repository) => place.reads(prefix + repository),
    push: (repository, work) => place.writing((writer) => work(writer.repository(prefix + repository))),
  };
}

/** The repositories that a place lists; undefined where it lists none, as many registries do. */
async function namesBelow(
  place: OpenPlace,
  prefix: string,
  signal: AbortSignal,
): Promise<ReadonlySet<string> | undefined> {
  try {
    return new Set((await Array.fromAsync(place.list({ prefix }))).map(({ repository }) => repository));
  } catch {
    signal.throwIfAborted();
    return undefined; // each tag is asked for then, and says what is wrong if something is
  }
}

/** What is a registry or a layout by its spelling, or a layout's directory by its file `oci-layout`. */
async function storedPlace(source: string, { fs, cwd }: Context): Promise<Place | undefined> {
  if (/^(oci:\/\/|store:|layout:)/.test(source))
    return parsePlace(source.endsWith("/") ? source : `${source}/`);
  if (isSite(source)) return undefined;
  const directory = resolve(cwd, source);
  const there = await ifThere(fs.stat(join(directory, "oci-layout")));
  return there && { kind: "layout", directory, what: undefined };
}

const isSite = (source: string): boolean => /^https?:\/\//i.test(source);

function storedEnds(
  place: Place,
  target: OpenPlace,
  prefix: string,
  connection: RemoteOptions,
  options: MigrateOptions,
  context: Context,
): Ends {
  refuseOfSites(options);
  if (options.lateProvenance)
    throw new ChartroomError(
      "usage",
      "Cannot use --late-provenance: what is stored goes over with its provenance",
    );
  const { what = { prefix: "" } } = place;
  if (!isBelow(what)) throw new ChartroomError("usage", "Cannot migrate one chart: expected a prefix");
  const source = openPlace(place, { ...connection, access: "pull" }, options, context);
  // What a layout has is nearer than the store, and the store itself is one.
  const finding = { open: source, store: openStore(options, context), limit: limiter(parallel) };
  const dated = options.since !== undefined || options.skipDeprecated === true;
  const charts = new StoredCharts(finding, what, { charts: options.chart ?? [], dated });
  return {
    source: charts,
    prefix,
    key: JSON.stringify([place, place.kind === "store" && openStore(options, context).directory]),
    naming: repositoryPathOf,
    works: (how) => storedWorks({ charts, source, target, prefix }, how),
    target: below(target, prefix, context.signal),
    hint: "What is below a prefix is migrated; `chartroom copy --all-tags` copies one repository.",
  };
}

/** What is asked of a registry at once to know dates. */
const parallel = 16;

/** @throws ChartroomError `usage` for options that are about URLs, where there are none */
function refuseOfSites(options: MigrateOptions): void {
  const { sourceUsername, sourcePasswordStdin, baseUrl, rewriteUrls, rewriteDependencies } = options;
  const given = [sourceUsername, sourcePasswordStdin, baseUrl, rewriteUrls, rewriteDependencies];
  if (given.every((each) => each === undefined)) return;
  throw new ChartroomError(
    "usage",
    "The source is no URL: it takes no login, no URL, and no chart depends on it",
    {
      hint: "`chartroom registry login` keeps the login of a registry.",
    },
  );
}

async function openSource(
  text: string,
  connection: RemoteOptions,
  options: MigrateOptions,
  context: Context,
): Promise<ChartSource> {
  const { sourceUsername: username, sourcePasswordStdin } = options;
  const rewriting = rewritingOf(options);
  if ((username === undefined) !== !sourcePasswordStdin)
    throw new ChartroomError("usage", "--source-username and --source-password-stdin go together");
  if (!isSite(text)) {
    refuseOfSites(options);
    return openDirectory(text, connection, context);
  }
  const url = parseSite(text);
  const authorization =
    username === undefined ? undefined : basic(username, await passwordFromInput(context));
  const registry = namedByIndex(connection);
  return new Site(url, { ...rewriting, transport: connection.transport, authorization, registry });
}
