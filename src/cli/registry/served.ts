import { join } from "node:path";
import { adopt } from "../../adopt/adopt.ts";
import { noCounts } from "../../adopt/adoption.ts";
import type { Finding } from "../../adopt/finding.ts";
import { TreeBlobs } from "../../adopt/inPlace.ts";
import { findTree } from "../../adopt/root.ts";
import { Tree } from "../../adopt/tree.ts";
import { nodeFileSystem as fs } from "../../files/filesystem.ts";
import { Notifications, type NotificationsOptions } from "../../notify/notifications.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { archiveThread } from "../../registry/charts/archiveThread.ts";
import { isDataDirectory, openDataDirectory } from "../../registry/dataDirectory.ts";
import type { DataPaths } from "../../registry/dataPaths.ts";
import type { MirrorSource } from "../../registry/mirror/mirror.ts";
import { Registry } from "../../registry/registry.ts";
import { WriteStop } from "../../registry/writeStop.ts";
import { type OpenRegistry, openRegistry } from "../wiring.ts";
import { countOf } from "../words.ts";
import { openScratchCatalog } from "./scratch.ts";
import type { RegistrySettings } from "./settings.ts";
import { answerOwner } from "./upkeep/answer.ts";

/** A registry that is ready to be served. */
export interface Served extends OpenRegistry {
  /** Where its data is; undefined in memory. */
  readonly data: Pick<DataPaths, "root" | "blobs"> | undefined;
  /** The same, as a sentence for a person. */
  readonly keeping: string;
}

/** What it needs of the world. */
export interface ServedNeeds {
  readonly now: () => number;
  /** Is told what goes wrong in the background. */
  readonly report: (error: unknown) => void;
  /** Ends what takes long. */
  readonly signal: AbortSignal;
  /** Take a sentence. */
  readonly note: (message: string) => void;
  readonly warn: (message: string) => void;
  readonly mirrors: readonly MirrorSource[];
  /** Who is told of what happens. */
  readonly notifications: NotificationsOptions;
}

/**
 * Open what settings say: a data directory of ours, made where there is none; memory; or, read-only, the data of a CNCF
 * Distribution where it lies.
 * @throws ChartroomError as `openDataDirectory`; `invalid` for a Distribution's data that is to be written to; `usage` for
 *   mirrors of others in it
 */
export async function openServed(settings: RegistrySettings, needs: ServedNeeds): Promise<Served> {
  const { data: root, readOnly, sweep, rules } = settings;
  // What cannot be looked at is told by whoever opens it.
  const tree = root === undefined ? undefined : await findTree(fs, root).catch(() => undefined);
  if (root !== undefined && tree !== undefined && !(await isDataDirectory(fs, root))) {
    if (readOnly) return openInPlace(root, tree, needs);
    throw new ChartroomError("invalid", `Cannot use data directory ${root}: it is a CNCF Distribution's`, {
      hint: `\`chartroom registry adopt ${root} --data DIR\` takes it over, for \`serve --data DIR\`; with --read-only it is served as it lies.`,
    });
  }
  await using stack = new AsyncDisposableStack();
  const data = root === undefined ? undefined : await openDataDirectory(root, { fs });
  stack.defer(() => data?.release());
  const open = await openRegistry(data, { ...needs, sweep, rules });
  stack.defer(open.close);
  // No session is swept then; what a push in one request left when its process died belongs to none, and nobody goes on with it.
  if (sweep === "off" && !readOnly) await open.registry.uploads.reap(Number.POSITIVE_INFINITY);
  if (data !== undefined) stack.defer(await answerOwner(data, open, needs));
  const ends = stack.move();
  const keeping =
    data === undefined
      ? "Keeping data in memory: it is gone when this stops"
      : `Keeping data in ${data.root}`;
  return { ...open, data, keeping, close: () => ends.disposeAsync() };
}

/**
 * Rows of it all are made at each start, by the same reading as for an adoption, in a temporary directory. Nothing is written to
 * the old registry's, and blobs are read from its files when they are asked for.
 */
async function openInPlace(root: string, tree: string, needs: ServedNeeds): Promise<Served> {
  const { now, report, signal, warn, mirrors } = needs;
  if (mirrors.length > 0)
    throw new ChartroomError("usage", `Cannot mirror into ${root}: a CNCF Distribution's data is only read`, {
      hint: `\`chartroom registry adopt ${root}\` takes it over first.`,
    });
  await using stack = new AsyncDisposableStack();
  const { catalog } = stack.use(await openScratchCatalog());
  const found = ({ status, repository, what, why }: Finding) =>
    warn(`${repository === undefined ? "" : `${repository} `}${what}: ${status}, ${why}`);
  const source = new Tree(fs, tree, found);
  const blobs = new TreeBlobs(source);
  const reading = archiveThread();
  stack.defer(() => reading.stop());
  const store = { catalog, blobs, now, readFacts: reading.read, readTemplates: reading.templates };
  const counts = noCounts();
  await adopt({ source, store, bring: blobs.bring, force: false, signal, counts, found });
  const registry = new Registry(store);
  stack.defer(() => registry.close());
  await registry.start(report, "off");
  // There are pulls to tell of.
  const notifications = new Notifications(catalog, needs.notifications);
  stack.defer(() => notifications.close());
  await notifications.start();
  const ends = stack.move();
  return {
    registry,
    store,
    writes: new WriteStop(report),
    waiting: () => catalog.waiting(),
    notifications: needs.notifications.endpoints.length === 0 ? undefined : notifications,
    data: { root, blobs: join(tree, "blobs") },
    keeping: `Serving ${countOf(counts.tags.adopted, "tag")} of a CNCF Distribution from ${root}, as they stand now`,
    close: () => ends.disposeAsync(),
  };
}
