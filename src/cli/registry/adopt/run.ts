import { realpath } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { adopt } from "../../../adopt/adopt.ts";
import { type Bring, bringInto, type How } from "../../../adopt/bring.ts";
import { TreeBlobs } from "../../../adopt/inPlace.ts";
import { findTree } from "../../../adopt/root.ts";
import { Tree } from "../../../adopt/tree.ts";
import { nodeFileSystem as fs, ifThere } from "../../../files/filesystem.ts";
import { ChartroomError } from "../../../oci/errors.ts";
import { openDataDirectory } from "../../../registry/dataDirectory.ts";
import type { Store } from "../../../registry/store.ts";
import { WriteStop } from "../../../registry/writeStop.ts";
import type { Context, GlobalOptions } from "../../context.ts";
import { compileEagerly } from "../../jit.ts";
import { forPeople } from "../../output.ts";
import { openStorage } from "../../wiring.ts";
import { openScratchCatalog } from "../scratch.ts";
import { ownData, readSettings, type SettingsPlace } from "../settings.ts";
import { Report } from "./report.ts";

interface AdoptOptions extends GlobalOptions {
  readonly data?: string;
  readonly copy?: boolean;
  readonly link?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

/** Where an adoption puts things, and what ends it. */
interface Target extends AsyncDisposable {
  readonly store: Store;
  readonly bring: Bring;
}

/** `registry adopt DIR`: take over the data of a CNCF Distribution, which stays as it is. */
export async function adoptDirectory(
  [dir = ""]: string[],
  options: AdoptOptions,
  context: Context,
): Promise<void> {
  compileEagerly();
  const { env, cwd, platform, now, signal } = context;
  const place = { env, cwd, platform, home: env.HOME || homedir() };
  const { source, config } = await sourceOf(dir, place);
  const data = ownData(options.data, place);
  await checkApart(source, data);
  const report = new Report(options, context);
  const { counts, found } = report;
  const tree = new Tree(fs, source, found);
  try {
    await using target = options.dryRun ? await nowhere(tree, now) : await into(data, howOf(options), now);
    const { store, bring } = target;
    const force = options.force ?? false;
    await adopt({ source: tree, store, bring, force, signal, counts, found });
  } finally {
    report.close();
  }
  report.end({ source, data, dryRun: options.dryRun ?? false });
  const [failed, conflicts] = [report.count("failed"), report.count("conflict")];
  if (failed > 0)
    throw new ChartroomError("invalid", `${failed} could not be adopted`, {
      hint: "What is there is not brought again: mend what is named, and run it again.",
    });
  if (conflicts > 0)
    throw new ChartroomError(
      "conflict",
      `${conflicts === 1 ? "1 tag holds" : `${conflicts} tags hold`} something else here`,
      { hint: `--force moves ${conflicts === 1 ? "it to what it names" : "them to what they name"} there.` },
    );
  // The configuration goes on to name the old registry's data: it takes a flag to serve these.
  if (forPeople(options) && !options.dryRun)
    context.tell(
      `Next: chartroom registry serve ${config === undefined ? "" : `${config} `}--data ${data}\n`,
    );
}

const howOf = ({ copy, link }: AdoptOptions): How => (copy ? "copy" : link ? "link" : "either");

/**
 * The tree of a directory, or of the one that a configuration names; and that configuration.
 * @throws ChartroomError `not_found`, `usage`
 */
async function sourceOf(dir: string, place: SettingsPlace): Promise<{ source: string; config?: string }> {
  const path = resolve(place.cwd, dir);
  const isFile = (await ifThere(fs.stat(path)))?.isFile();
  const root = isFile ? (await readSettings(dir, {}, place)).data : path;
  const source = root === undefined ? undefined : await findTree(fs, root);
  if (source !== undefined) return { source, ...(isFile && { config: dir }) };
  throw new ChartroomError(
    "not_found",
    `Cannot adopt ${root ?? dir}: there is no ${root === undefined ? "directory of data" : "docker/registry/v2/repositories"} in it`,
    { hint: "Expected the root directory of a CNCF Distribution, or its config.yml." },
  );
}

/** Refuse to write where the old registry's own things are. Beside them, on the same disk, is a fine place. */
async function checkApart(source: string, data: string): Promise<void> {
  const way = relative(await realpath(source), await whole(data));
  if (way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way)) return;
  throw new ChartroomError(
    "usage",
    `Cannot adopt into ${data}: it lies in the old registry's own directory`,
    { hint: "Choose another directory with --data DIR; on the same disk nothing is copied." },
  );
}

/** A path without symbolic links, of which the last parts need not be there. */
const whole = async (path: string): Promise<string> =>
  (await ifThere(realpath(path))) ?? join(await whole(dirname(path)), basename(path));

/** A data directory of ours. */
async function into(data: string, how: How, now: () => number): Promise<Target> {
  await using stack = new AsyncDisposableStack();
  const paths = await openDataDirectory(data, { fs });
  stack.defer(() => paths.release());
  // Whatever goes wrong there is thrown to whoever wrote.
  const { catalog, blobs } = await openStorage(paths, new WriteStop(() => {}));
  stack.defer(() => catalog.close());
  const ends = stack.move();
  return {
    store: { catalog, blobs, now },
    bring: bringInto(blobs, how),
    [Symbol.asyncDispose]: () => ends.disposeAsync(),
  };
}

/** Rows that are thrown away, for a look at what would come: only blobs' bytes are not read. */
async function nowhere(tree: Tree, now: () => number): Promise<Target> {
  const scratch = await openScratchCatalog();
  const blobs = new TreeBlobs(tree);
  return {
    store: { catalog: scratch.catalog, blobs, now },
    bring: blobs.bring,
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}
