import { homedir } from "node:os";
import { ChartroomError } from "../../oci/errors.ts";
import type { Context, GlobalOptions } from "../context.ts";
import { readSettings } from "./settings.ts";

/** Which registry's data: `--data DIR`, else found as `registry serve` finds them. */
export interface DataOptions extends GlobalOptions {
  readonly data?: string;
}

/**
 * The data directory that `registry serve` would take.
 * @param file the path of CNCF Distribution's config.yml, if one is named
 * @throws ChartroomError `usage` when it would keep everything in memory; as `readSettings`
 */
export async function dataOf(
  options: DataOptions,
  { env, cwd, platform }: Context,
  file?: string,
): Promise<string> {
  const { data } = await readSettings(file, options, { env, cwd, platform, home: env.HOME || homedir() });
  if (data !== undefined) return data;
  throw new ChartroomError(
    "usage",
    "There is no data directory: by configuration everything is kept in memory",
    {
      hint: "Name one with --data DIR.",
    },
  );
}
