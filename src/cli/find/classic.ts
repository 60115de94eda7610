import { openArchive } from "../../chart/archive/archive.ts";
import { createdOf } from "../../chart/moment.ts";
import { tryVersion } from "../../chart/version.ts";
import type { IndexRow } from "../../migrate/indexRow.ts";
import { basic, Site } from "../../migrate/site.ts";
import type { ChartSource } from "../../migrate/source.ts";
import { takeArchive } from "../../migrate/take.ts";
import { parseSite } from "../../migrate/urls.ts";
import type { RegistryHost } from "../../oci/reference.ts";
import type { RemoteOptions } from "../../remote/open.ts";
import type { GivenLogin } from "../connection.ts";
import type { Context } from "../context.ts";
import { namedByIndex, openDirectory } from "../namedByIndex.ts";
import { warn } from "../output.ts";
import { countOf } from "../words.ts";
import type { Candidate, FoundChart } from "./candidate.ts";

/** Whether a text is a path for sure: no reference begins so. */
export const isPath = (text: string): boolean => /^\.{0,2}\/|^\.{1,2}$/.test(text);

/** Whether a place is a classic repository: a URL, or a directory told by its beginning. */
export const isClassic = (text: string): boolean => /^https?:\/\//i.test(text) || isPath(text);

/**
 * A classic repository, by its URL or directory.
 * @throws ChartroomError `usage` for a URL that is none
 */
export async function openClassic(
  text: string,
  connection: RemoteOptions,
  { username }: GivenLogin,
  context: Context,
): Promise<ChartSource> {
  if (!/^https?:\/\//i.test(text)) return openDirectory(text, connection, context);
  const { transport, credentials } = connection;
  const url = parseSite(text);
  // Only a login that the command line gives: those that are kept are for registries.
  const login = username === undefined ? undefined : await credentials?.(url.host as RegistryHost, undefined);
  const authorization = login && "password" in login ? basic(login.username, login.password) : undefined;
  // It is for the repository itself, so no registry that its index names may ask for it.
  const registry = namedByIndex(login === undefined ? connection : { ...connection, credentials: noLogin });
  return new Site(url, { transport, authorization, registry });
}

const noLogin = async () => undefined;

/**
 * The charts of a classic repository, each as soon as its versions were read: they stand together in an index.
 * @param name of the only one that is wanted; without it all are
 */
export async function* classicCharts(
  source: ChartSource,
  name: string | undefined,
  context: Context,
): AsyncGenerator<FoundChart> {
  const bad: string[] = [];
  let rows: IndexRow[] = [];
  const found = (): FoundChart[] => {
    const [candidates, [first]] = [rows.map((row) => candidateOf(source, row)), rows];
    return first === undefined ? [] : [{ name: first.name, candidates: async () => candidates }];
  };
  for await (const entry of (await source.index({}, { described: true, chart: name }))?.entries ?? []) {
    if ("error" in entry) bad.push(entry.error.message);
    else if (!entry.row.removed && (name === undefined || entry.row.name === name)) {
      if (rows[0] !== undefined && rows[0].name !== entry.row.name) {
        yield* found();
        rows = [];
      }
      rows.push(entry.row);
    }
  }
  if (bad.length > 0) warn(context, `${countOf(bad.length, "version")} left out: ${bad[0]}`);
  yield* found();
}

function candidateOf(source: ChartSource, row: IndexRow): Candidate {
  const { name, version, deprecated, created, digest } = row;
  const open = async () => {
    const { archive } = await takeArchive(source.places(row), row, "fail");
    return openArchive(archive);
  };
  return {
    get ref() {
      return source.places(row)[0]?.shown ?? `${name} ${version}`;
    },
    named: version,
    version: tryVersion(version),
    describe: async () => ({
      ...{ appVersion: "", description: "", keywords: [], ...row.about },
      ...{ name, version, deprecated, created: createdOf(created), digest, manifest: undefined },
    }),
    metadata: async () => (await open()).metadata,
    open,
  };
}
