import { join, resolve } from "node:path";
import { repositoryMetadataFile, repositoryMetadataTag } from "../../chart/repositoryMetadata.ts";
import { ifThere } from "../../files/filesystem.ts";
import { streamFile } from "../../files/stream.ts";
import { type Admit, roomForArchives } from "../../migrate/room.ts";
import { type Digest, tryDigest } from "../../oci/digest.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { eachInParallel } from "../../oci/parallel.ts";
import type { Tag } from "../../oci/reference.ts";
import { isAboutCharts } from "../aboutCharts.ts";
import { connectionOf } from "../connection.ts";
import type { Context } from "../context.ts";
import type { FindOptions } from "../find/place.ts";
import { openPlace } from "../openPlace.ts";
import { print, warn } from "../output.ts";
import { parsePlace } from "../place.ts";
import { writeTree } from "../tree.ts";
import { countOf } from "../words.ts";
import { archiveRow, archivesIn } from "./folder.ts";
import { mergedRows } from "./merged.ts";
import { readMetadata, readRow, type SiteRow, type Urls } from "./rows.ts";
import { SiteIndex } from "./site.ts";

interface RepoIndexOptions extends FindOptions {
  readonly archives?: boolean;
  readonly json?: boolean;
  readonly merge?: string;
  readonly url?: string;
  readonly force?: boolean;
}

/** Charts read side by side; an archive is held whole, and of large ones two are. */
const parallel = 8;

/** What may be listed, and how its row is read. */
interface Candidate {
  readonly ref: string;
  read(admit: Admit): Promise<SiteRow>;
}

/** A file for Artifact Hub. */
interface Metadata {
  metadata(): Promise<Uint8Array | undefined>;
}

/**
 * `repo index PLACE DIR`: an index.yaml for those who serve files, of the charts of a registry or a store. Its archives are where
 * they are, by `oci://`, or with `--archives` beside it. `repo index DIR`: one of the archives that are there, as `helm repo index`.
 */
export async function repoIndex(
  [text = "", directory]: string[],
  options: RepoIndexOptions,
  context: Context,
): Promise<void> {
  const { fs } = context;
  const folder = directory ?? text;
  const target = resolve(context.cwd, folder);
  const found =
    directory === undefined ? inFolder(target, options, context) : inPlace(text, options, context);
  const index = new SiteIndex();
  const room = roomForArchives();
  await eachInParallel(found, parallel, async (candidate) => {
    if ("metadata" in candidate) return index.tell(await candidate.metadata());
    await room(async (admit) => {
      const row = await tried(candidate, admit, context);
      if (row !== undefined && index.add(row)) await writeTree(fs, target, row.files, options.force ?? false);
    });
  });
  if (options.merge !== undefined) await merge(index, options.merge, context);
  if (index.versions === 0) throw new ChartroomError("not_found", `No chart was found in ${text}`);
  const bytes = new TextEncoder().encode(index.write(options.json ? "json" : "yaml"));
  await writeTree(fs, target, [{ path: "index.yaml", bytes }], true);
  await writeMetadata(target, index, context);
  const path = join(folder, "index.yaml");
  const { charts, versions } = index;
  print(context, options, {
    text: `${countOf(versions, "version")} of ${countOf(charts, "chart")}: ${path}\n`,
    json: { path, charts, versions },
    quiet: path,
  });
}

/** All tags of a place that may be charts. @throws ChartroomError `usage` for options that make no sense there */
async function* inPlace(
  text: string,
  options: RepoIndexOptions,
  context: Context,
): AsyncGenerator<Candidate | Metadata> {
  const { archives = false, url } = options;
  if (url !== undefined && !archives)
    throw new ChartroomError(
      "usage",
      "Cannot use --url alone: it says where the archives of --archives will be",
    );
  const place = parsePlace(text.endsWith("/") ? text : `${text}/`);
  const urls: Urls = archives ? { in: "files", base: baseOf(options) } : { in: "registry" };
  const connection = await connectionOf(options, context);
  const open = openPlace(place, { ...connection, access: "pull" }, options, context);
  for await (const { repository, names } of open.list(place.what ?? { prefix: "" }))
    for (const tag of await names())
      if (tag === repositoryMetadataTag) yield { metadata: () => readMetadata(open.reads(repository)) };
      else if (isTag(tag) && !isAboutCharts(tag))
        yield {
          ref: `${repository}:${tag}`,
          read: (admit) => readRow(open, repository, tag, urls, admit),
        };
}

const isTag = (name: Tag | Digest): name is Tag => tryDigest(name) === undefined;

/** The archives of a folder. @throws ChartroomError `usage`, `not_found` */
async function* inFolder(
  folder: string,
  options: RepoIndexOptions,
  context: Context,
): AsyncGenerator<Candidate> {
  const { fs } = context;
  const hint = "`chartroom repo index PLACE DIR` is for charts in a registry or a store.";
  if (options.archives)
    throw new ChartroomError("usage", "Cannot use --archives: a directory's archives are there", { hint });
  const base = baseOf(options);
  if (!(await ifThere(fs.stat(folder)))?.isDirectory())
    throw new ChartroomError("not_found", `Not a directory: ${folder}`, { hint });
  const unread = (name: string) => warn(context, `${name}/ is left out: it may not be read`);
  for (const file of await archivesIn(fs, folder, unread))
    yield { ref: file, read: (admit) => archiveRow(fs, folder, file, base, admit) };
}

/** What archives' URLs begin with. @throws ChartroomError `usage` for a URL that archives cannot have */
function baseOf({ url }: RepoIndexOptions): string {
  if (url === undefined) return "";
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ""))
    throw new ChartroomError("usage", `Cannot use --url "${url}": it is no http or https URL`);
  return url.endsWith("/") ? url : `${url}/`;
}

/** A candidate's row; what is no chart, or not under its version, is left out and told. */
async function tried({ ref, read }: Candidate, admit: Admit, context: Context): Promise<SiteRow | undefined> {
  try {
    return await read(admit);
  } catch (error) {
    if (!(error instanceof ChartroomError) || error.code !== "invalid") throw error;
    warn(context, `${ref} is left out: ${error.message}`);
    return undefined;
  }
}

/** What charts tell Artifact Hub, for the site as a whole, where they agree. What is there stays. */
async function writeMetadata(folder: string, { metadata }: SiteIndex, context: Context): Promise<void> {
  const { fs } = context;
  const [bytes, another] = metadata;
  if (another !== undefined)
    warn(context, `${repositoryMetadataFile} is not written: charts have different ones, and a site has one`);
  else if (bytes !== undefined && !(await ifThere(fs.stat(join(folder, repositoryMetadataFile)))))
    await writeTree(fs, folder, [{ path: repositoryMetadataFile, bytes }], false);
}

/**
 * Keep what an index has beside. One that is not there yet has nothing, as for Helm; that is said, since a misspelt one has nothing, too.
 * @throws ChartroomError `usage` for a directory
 */
async function merge(index: SiteIndex, file: string, context: Context): Promise<void> {
  const path = resolve(context.cwd, file);
  const stats = await ifThere(context.fs.stat(path));
  if (stats === undefined) return warn(context, `nothing is kept beside: ${file} is not there`);
  if (stats.isDirectory())
    throw new ChartroomError("usage", `Cannot merge ${file}: it is a directory, expected an index`);
  for await (const entry of mergedRows(streamFile(context.fs, path)))
    if ("row" in entry) index.merge(entry.row);
    else warn(context, `${entry.chart} is left out: ${entry.error.message}`);
}
