import { setTimeout as sleep } from "node:timers/promises";
import { errorCode, nodeFileSystem as fs } from "../../../files/filesystem.ts";
import { ChartroomError } from "../../../oci/errors.ts";
import { type DataDirectory, openDataDirectory, requireData } from "../../../registry/dataDirectory.ts";
import { dataPathsOf } from "../../../registry/dataPaths.ts";
import type { Context } from "../../context.ts";
import { explain } from "../../exit.ts";
import { warn } from "../../output.ts";
import { openRegistry } from "../../wiring.ts";
import type { DataSettings } from "../data.ts";
import { askOwner, NobodyAnswers, notAllowed } from "./ask.ts";
import type { Told } from "./job.ts";
import { type Tasks, tasks } from "./tasks.ts";

/** How long a directory may be in use and nobody answer, in ms: a registry that starts or stops is just then not there. */
const patience = 10_000;
const pause = 100;

/**
 * Have a task done on a registry's data: by the server that runs over them, or here, under the lock, where none runs.
 * @throws ChartroomError `not_found` when there are no data, `not_allowed` when they are another user's, `conflict` when who
 *   uses them does not answer; what the task throws
 */
export async function perform<Name extends keyof Tasks>(
  name: Name,
  { data: root, grace, untagged }: DataSettings,
  options: Tasks[Name]["options"],
  tell: (told: Told) => void,
  context: Pick<Context, "now" | "signal" | "tell">,
): Promise<Tasks[Name]["done"]> {
  const { now, signal } = context;
  const own = await isOwn(root);
  const deadline = performance.now() + patience;
  for (;;) {
    signal.throwIfAborted();
    const data = own ? await take(root) : notAllowed(root);
    if (!(data instanceof ChartroomError)) return await alone(data);
    try {
      const { control } = dataPathsOf(root);
      const done = await askOwner(control, name, options, (told) => tell(told as Told), signal);
      return done as Tasks[Name]["done"];
    } catch (error) {
      if (!(error instanceof NobodyAnswers)) throw error;
    }
    if (!own || performance.now() >= deadline) throw data;
    await sleep(pause);
  }

  async function alone(data: DataDirectory): Promise<Tasks[Name]["done"]> {
    await using stack = new AsyncDisposableStack();
    stack.defer(() => data.release());
    const report = (error: unknown) => warn(context, explain(error).message);
    // Without a grace period among the rules nothing is collected but by the task.
    const { registry, store, close } = await openRegistry(data, {
      now,
      report,
      sweep: "off",
      rules: { untagged },
      mirrors: [],
    });
    stack.defer(close);
    return await tasks[name]({ paths: data, registry, store, grace, alone: true }, options, tell, signal);
  }
}

/** The directory, owned; or the refusal, when somebody else owns it. */
async function take(root: string): Promise<DataDirectory | ChartroomError> {
  try {
    return await openDataDirectory(root, { fs });
  } catch (error) {
    if (error instanceof ChartroomError && error.code === "conflict") return error;
    throw error;
  }
}

/**
 * Whether the data are this user's. Who runs the registry may be asked by root too; but what root itself made in another user's
 * directory the registry could not open any more.
 * @throws ChartroomError `not_found` when there are none; as `requireData`
 */
async function isOwn(root: string): Promise<boolean> {
  try {
    await requireData(fs, root);
    const { uid } = await fs.stat(root);
    return process.getuid === undefined || uid === process.getuid();
  } catch (error) {
    if (errorCode(error) === "EACCES") throw notAllowed(root);
    throw error;
  }
}
