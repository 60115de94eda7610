import { isAbsolute } from "node:path";
import { ChartroomError } from "../../../oci/errors.ts";
import { isObject } from "../../../oci/json.ts";
import type { Copied } from "../../../registry/backup/copy.ts";
import type { Looked } from "../../../registry/check/check.ts";
import type { ControlTask } from "../../../server/control.ts";
import type { Told } from "./job.ts";
import { inThread } from "./thread.ts";

/** A data directory that this process owns. */
export interface Owned {
  readonly root: string;
  /** Whether it serves nobody meanwhile. */
  readonly alone: boolean;
}

/** What can be asked of whoever owns a registry's data: with which options, and what comes of it. */
export interface Tasks {
  check: { options: { readonly shallow: boolean }; done: Looked };
  backup: { options: { readonly to: string }; done: Copied };
}

type TaskName = keyof Tasks;
/** One function a task. */
type Doers = {
  readonly [Name in TaskName]: (
    owned: Owned,
    options: Tasks[Name]["options"],
    tell: (told: Told) => void,
    signal: AbortSignal,
  ) => Promise<Tasks[Name]["done"]>;
};

/** The tasks, done the same way by a server that is asked over its socket and by a command that holds the lock itself. */
export const tasks: Doers = {
  check: ({ root, alone }, { shallow }, tell, signal) =>
    inThread({ kind: "check", root, alone, shallow: shallow === true }, tell, signal),

  backup: ({ root }, { to }, tell, signal) => {
    if (!isAbsolute(to)) throw new ChartroomError("usage", `Cannot back up to ${to}: expected a whole path`);
    return inThread({ kind: "backup", root, to }, tell, signal);
  },
};

/** The tasks as a control socket does them: what is asked comes from outside. */
export const controlTasks = (owned: Owned): ReadonlyMap<string, ControlTask> =>
  new Map(
    Object.entries(tasks).map(([name, task]) => [
      name,
      async (options, tell, signal) => {
        if (!isObject(options)) throw new ChartroomError("usage", `Cannot do ${name}: expected options`);
        return task(owned, options as never, tell, signal);
      },
    ]),
  );
