import { isAbsolute } from "node:path";
import { FilesystemBlobs } from "../../../blobs/filesystem.ts";
import { ChartroomError } from "../../../oci/errors.ts";
import { isObject } from "../../../oci/json.ts";
import type { Copied } from "../../../registry/backup/copy.ts";
import type { Looked } from "../../../registry/check/check.ts";
import type { Finding } from "../../../registry/check/finding.ts";
import { mendable } from "../../../registry/check/mendable.ts";
import { repair } from "../../../registry/check/repair.ts";
import type { Collected } from "../../../registry/collector.ts";
import { plainFiles as fs } from "../../../registry/plainFiles.ts";
import type { ControlTask } from "../../../server/control.ts";
import { type CollectOptions, collect } from "./collect.ts";
import type { Told } from "./job.ts";
import type { Owned } from "./owned.ts";
import { inThread } from "./thread.ts";

/** What can be asked of whoever owns a registry's data: with which options, and what comes of it. */
export interface Tasks {
  check: { options: { readonly shallow: boolean; readonly repair: boolean }; done: Looked };
  backup: { options: { readonly to: string }; done: Copied };
  gc: { options: CollectOptions; done: Collected };
}

/** One function a task. */
type Doers = {
  readonly [Name in keyof Tasks]: (
    owned: Owned,
    options: Tasks[Name]["options"],
    tell: (told: Told) => void,
    signal: AbortSignal,
  ) => Promise<Tasks[Name]["done"]>;
};

/** The tasks, done the same way by a server that is asked over its socket and by a command that holds the lock itself. */
export const tasks: Doers = {
  async check({ paths, alone, store, registry }, { shallow, repair: mends }, tell, signal) {
    const found: Finding[] = [];
    // What is to be mended by the catalog's word must be looked at well.
    const job = { kind: "check", root: paths.root, alone, shallow, thorough: alone || mends } as const;
    const watch = (told: Told) => {
      if (mends && "finding" in told) found.push(told.finding);
      tell(told);
    };
    const looked = await inThread(job, watch, signal);
    const { mended, left } = mendable(found, looked.blobs);
    for (const finding of left) tell({ finding });
    const aside = new FilesystemBlobs(fs, { blobs: paths.quarantine, ingest: paths.ingest });
    for (const finding of mended) {
      signal.throwIfAborted();
      const repaired = await repair(finding, { fs, paths, store, registry, aside }, signal);
      if (repaired !== undefined) tell({ repaired });
    }
    return looked;
  },

  async backup({ paths, registry }, { to }, tell, signal) {
    if (typeof to !== "string" || !isAbsolute(to))
      throw new ChartroomError("usage", `Cannot back up to ${to}: expected a whole path`);
    // What the catalog's copy names must be there until it is copied too.
    using _hold = await registry.collector.hold();
    return await inThread({ kind: "backup", root: paths.root, to }, tell, signal);
  },

  gc: collect,
};

/**
 * The tasks as a control socket does them: what is asked comes from outside.
 * @param note is told what was asked for
 */
export const controlTasks = (
  owned: Owned,
  note: (message: string) => void,
): ReadonlyMap<string, ControlTask> =>
  new Map(
    Object.entries(tasks).map(([name, task]) => [
      name,
      async (options, tell, signal) => {
        if (!isObject(options)) throw new ChartroomError("usage", `Cannot do ${name}: expected options`);
        note(`${name} was asked for over the control socket: ${JSON.stringify(options)}`);
        return task(owned, options as never, tell, signal);
      },
    ]),
  );
