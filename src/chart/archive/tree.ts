import type { Stats } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { ChartroomError, type ErrorContext } from "../../oci/errors.ts";
import type { IgnoreRules } from "./ignore.ts";
import type { ArchiveLimits } from "./limits.ts";
import { unsafeSegment } from "./paths.ts";

/** A file found in a chart's directory. */
export interface FoundFile {
  /** Relative to the chart, safe parts separated by `/`. */
  readonly path: string;
  /** Where its bytes are: elsewhere in the chart, if a link leads there. */
  readonly place: string;
}

const refuse = (path: string, why: string, context?: ErrorContext) =>
  new ChartroomError("invalid", `Cannot pack the chart: ${JSON.stringify(path)} ${why}`, context);

/**
 * The files of a chart's directory, in no order of meaning. Links inside the chart are followed, to files and to
 * directories, as Helm follows them; unlike with Helm, a link that leaves the chart is refused: it would put a file of
 * this machine into an archive that is about to be published. What the rules leave out is never refused.
 * @throws ChartroomError `invalid` for what cannot be packed or breaks a limit; errors of `node:fs` as they are
 */
export async function findFiles(
  root: string,
  rules: IgnoreRules,
  limits: ArchiveLimits,
): Promise<FoundFile[]> {
  const chart = await realpath(root);
  const files: FoundFile[] = [];
  let entries = 0;
  let total = 0;

  const visit = async (directory: string, prefix: string, above: readonly string[]): Promise<void> => {
    for (const raw of await readdir(directory, { encoding: "buffer" })) {
      const name = raw.toString("utf8");
      const path = `${prefix}${name}`;
      // Links can make a small tree endless, so all that is met counts.
      if (++entries > limits.entries)
        throw refuse(path, `is one of more than ${limits.entries} files and directories`);
      if (!Buffer.from(name).equals(raw)) {
        if (rules.ignores(path, false)) continue;
        throw refuse(path, "has a name that is not UTF-8");
      }
      const found = await follow(join(directory, name));
      if (rules.ignores(path, found?.stats.isDirectory() ?? false)) continue;
      if (found === undefined) throw refuse(path, "is a link that leads nowhere");
      const { place, stats } = found;
      if (!within(chart, place))
        throw refuse(path, `is a link out of the chart, to ${JSON.stringify(place)}`, {
          hint: "Put a copy of the file into the chart, or name the link in .helmignore.",
        });
      const unsafe = unsafeSegment(name);
      if (unsafe !== undefined) throw refuse(path, unsafe);
      if (stats.isDirectory()) {
        if (above.includes(place)) throw refuse(path, "is a link to a directory that it lies in");
        await visit(place, `${path}/`, [...above, place]);
        continue;
      }
      if (!stats.isFile()) throw refuse(path, "is no regular file");
      if (stats.size > limits.file)
        throw refuse(path, `is larger than ${limits.file} bytes, and Helm could not open the chart`, {
          hint: "Name it in .helmignore if the chart does not need it.",
        });
      total += stats.size;
      if (total >= limits.unpacked)
        throw refuse(
          path,
          `brings the chart to ${limits.unpacked} bytes or more, and Helm could not open it`,
        );
      files.push({ path, place });
    }
  };

  await visit(chart, "", [chart]);
  return files;
}

/** What a path leads to, links followed; undefined where it leads nowhere or in a circle. */
async function follow(path: string): Promise<{ place: string; stats: Stats } | undefined> {
  try {
    const place = await realpath(path);
    return { place, stats: await stat(place) };
  } catch (error) {
    if (["ENOENT", "ELOOP", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? ""))
      return undefined;
    throw error;
  }
}

function within(directory: string, place: string): boolean {
  const way = relative(directory, place);
  return way !== ".." && !way.startsWith(`..${sep}`);
}
