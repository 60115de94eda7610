import { join, resolve } from "node:path";
import { compareVersions } from "../../chart/version.ts";
import { tryDigest } from "../../oci/digest.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { eachInParallel } from "../../oci/parallel.ts";
import type { Tag } from "../../oci/reference.ts";
import { writing } from "../../registry/classic/form.ts";
import { isAboutCharts } from "../aboutCharts.ts";
import { connectionOf } from "../connection.ts";
import type { Context } from "../context.ts";
import type { FindOptions } from "../find/place.ts";
import { type OpenPlace, openPlace } from "../openPlace.ts";
import { print, warn } from "../output.ts";
import { type Place, parsePlace } from "../place.ts";
import { writeTree } from "../tree.ts";
import { countOf } from "../words.ts";
import { readRow, type SiteRow, type Urls } from "./rows.ts";

interface RepoIndexOptions extends FindOptions {
  readonly archives?: boolean;
  readonly url?: string;
  readonly force?: boolean;
}

/** Charts read side by side; an archive is held whole. */
const parallel = 8;

/**
 * `repo index PLACE DIR`: an index.yaml for those who serve files, of the charts of a registry or a store. Its archives are where
 * they are, by `oci://`, or with `--archives` beside it.
 */
export async function repoIndex(
  [text = "", directory = ""]: string[],
  options: RepoIndexOptions,
  context: Context,
): Promise<void> {
  const place = parsePlace(text.endsWith("/") ? text : `${text}/`);
  const urls = urlsOf(options);
  const connection = await connectionOf(options, context);
  const open = openPlace(place, { ...connection, access: "pull" }, options, context);
  const target = resolve(context.cwd, directory);
  const rows = new Map<string, Omit<SiteRow, "files">>();
  await eachInParallel(tagged(open, place), parallel, async ({ repository, tag }) => {
    const row = await tried(open, repository, tag, urls, context);
    if (row === undefined) return;
    const key = `${row.name} ${row.version}`;
    const other = rows.get(key);
    if (other !== undefined && other.digest !== row.digest)
      throw new ChartroomError("conflict", `Two charts are called ${key}: ${other.ref} and ${row.ref}`, {
        hint: "An index has one; give a longer prefix.",
      });
    if (other !== undefined) return;
    const { files, ...kept } = row;
    rows.set(key, kept);
    await writeTree(target, files, options.force ?? false);
  });
  if (rows.size === 0) throw new ChartroomError("not_found", `No chart was found in ${text}`);
  const charts = Map.groupBy(rows.values(), ({ name }) => name);
  const index = new TextEncoder().encode(indexOf(charts));
  await writeTree(target, [{ path: "index.yaml", bytes: index }], true);
  const path = join(directory, "index.yaml");
  print(context, options, {
    text: `${countOf(rows.size, "version")} of ${countOf(charts.size, "chart")}: ${path}\n`,
    json: { path, charts: charts.size, versions: rows.size },
    quiet: path,
  });
}

/** @throws ChartroomError `usage` for a URL that archives cannot have, or where none are written */
function urlsOf({ archives = false, url }: RepoIndexOptions): Urls {
  if (url === undefined) return archives ? { in: "files", base: "" } : { in: "registry" };
  if (!archives)
    throw new ChartroomError(
      "usage",
      "Cannot use --url alone: it says where the archives of --archives will be",
    );
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ""))
    throw new ChartroomError("usage", `Cannot use --url "${url}": it is no http or https URL`);
  return { in: "files", base: url.endsWith("/") ? url : `${url}/` };
}

/** All tags of a place that may be charts. */
async function* tagged(open: OpenPlace, { what }: Place): AsyncGenerator<{ repository: string; tag: Tag }> {
  for await (const { repository, names } of open.list(what ?? { prefix: "" }))
    for (const named of await names())
      if (tryDigest(named) === undefined && !isAboutCharts(named)) yield { repository, tag: named as Tag };
}

/** A tag's row; what is no chart, or not under its version, is left out and told. */
async function tried(
  open: OpenPlace,
  repository: string,
  tag: Tag,
  urls: Urls,
  context: Context,
): Promise<SiteRow | undefined> {
  try {
    return await readRow(open, repository, tag, urls);
  } catch (error) {
    if (!(error instanceof ChartroomError) || error.code !== "invalid") throw error;
    warn(context, `${repository}:${tag} is left out: ${error.message}`);
    return undefined;
  }
}

function indexOf(charts: ReadonlyMap<string, readonly Omit<SiteRow, "files">[]>): string {
  const { head, entries, tail } = writing.yaml;
  const all = [...charts.values()].flat().map(({ created = 0 }) => created);
  const frame = {
    empty: false,
    generated: all.reduce((latest, each) => Math.max(latest, each), 0),
    contextPath: undefined,
  };
  const texts = [...charts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, rows]) => entries(name, rows.toSorted(newestFirst), true, true));
  return head(frame) + texts.join("") + tail(frame);
}

const newestFirst = (a: SiteVersion, b: SiteVersion): number =>
  compareVersions(b.parsed, a.parsed) || (a.version < b.version ? -1 : 1);
type SiteVersion = Pick<SiteRow, "parsed" | "version">;
