import { homedir } from "node:os";
import { ChartroomError } from "../../oci/errors.ts";
import { usualGrace } from "../../registry/collector.ts";
import type { Context, GlobalOptions } from "../context.ts";
import { readSettings } from "./settings.ts";

/** Which registry's data: `--data DIR`, else found as `registry serve` finds them. */
export interface DataOptions extends GlobalOptions {
  readonly data?: string;
}

/** Where a registry's data are, and what is collected of them. */
export interface DataSettings {
  readonly data: string;
  /** How long what nothing names any more stays there, in ms. */
  readonly grace: number;
  /** Whether manifests go, too, that nothing has held for that long. */
  readonly untagged: boolean;
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
): Promise<DataSettings> {
  const place = { env, cwd, platform, home: env.HOME || homedir() };
  const { data, rules } = await readSettings(file, options, place);
  if (data !== undefined)
    return { data, grace: rules.grace ?? usualGrace, untagged: rules.untagged ?? false };
  throw new ChartroomError(
    "usage",
    "There is no data directory: by configuration everything is kept in memory",
    {
      hint: "Name one with --data DIR.",
    },
  );
}
