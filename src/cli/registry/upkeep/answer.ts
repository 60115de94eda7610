import { version } from "../../../../package.json";
import { nodeFileSystem as fs } from "../../../files/filesystem.ts";
import { ChartroomError } from "../../../oci/errors.ts";
import { becomeOwn } from "../../../registry/backup/backup.ts";
import { usualGrace } from "../../../registry/collector.ts";
import type { DataDirectory } from "../../../registry/dataDirectory.ts";
import { startControl } from "../../../server/control.ts";
import { failureOf } from "../../exit.ts";
import type { OpenRegistry } from "../../wiring.ts";
import { controlTasks } from "./tasks.ts";

/**
 * Answer on the socket of a data directory that is served: from now on it is no backup, and nobody else's to change. Without
 * a socket it is served all the same.
 * @returns what ends that, and what is under way
 */
export async function answerOwner(
  data: DataDirectory,
  { registry, store }: OpenRegistry,
  { note, warn }: { note(message: string): void; warn(message: string): void },
): Promise<() => Promise<void>> {
  await becomeOwn(fs, data);
  const grace = store.rules?.grace ?? usualGrace;
  try {
    const control = await startControl({
      path: data.control,
      tasks: controlTasks({ paths: data, registry, store, grace, alone: false }, note),
      ...{ version, failureOf },
    });
    const reason = new ChartroomError("busy", "The registry is stopping", { hint: "Run it again to go on." });
    return () => control.stop(reason);
  } catch (error) {
    warn(`${failureOf(error).message}; check, gc and backup work only while this registry is stopped`);
    return async () => {};
  }
}
