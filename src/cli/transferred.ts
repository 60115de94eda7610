import { shown } from "./output.ts";
import { formatOne } from "./place.ts";
import type { Transferred } from "./transfer.ts";
import { countOf } from "./words.ts";

/** One that was copied as a line for a person. */
export const lineOf = ({ ref, status, referrers }: Transferred): string => {
  const says = { copied: "copied", exists: "already there", "dry-run": "would be copied" }[status];
  return `${ref}: ${says}${referrers > 0 ? `, with ${countOf(referrers, "referrer")}` : ""}\n`;
};

/** One that was copied as the object that `-o json` prints. Keys are only ever added. */
export const jsonOf = ({ source, ref, status, manifest, referrers }: Transferred) => ({
  source: formatOne(source),
  ref,
  status,
  manifest: shown(manifest),
  referrers,
});

/** One that was copied as the line of `-q`. */
export const quietOf = ({ target, manifest }: Transferred): string =>
  formatOne({ repository: target.repository, digest: manifest.digest });
