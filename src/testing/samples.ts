import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * The folder of real charts that stands beside the repository, as an absolute path, or undefined where there is none: tests
 * on it skip then. It is data to test with and no part of the project.
 */
export function samples(): string | undefined {
  const folder = join(import.meta.dirname, "../../../shared/charts");
  return existsSync(folder) ? folder : undefined;
}
