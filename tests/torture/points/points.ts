import { join } from "node:path";
import type { Catalog } from "../../../src/catalog/catalog.ts";
import { openSqliteCatalog } from "../../../src/catalog/sqlite/sqlite.ts";
import { inParallel } from "../../../src/oci/parallel.ts";
import { type Outcome, tryPoint } from "./point.ts";
import { type Kind, kinds } from "./trouble.ts";

export interface PointsOptions {
  /** How many points are tried. */
  readonly points: number;
  readonly seed: number;
  /** Directories for the catalogs, and for all that lies on a file system that fails. */
  readonly folders: { readonly catalogs: string; readonly places: string };
  /** Points under way at once. */
  readonly lanes: number;
  /** Is told now and then, and at the end, with the points so far. */
  readonly progress?: (points: Points) => void;
  /** Is told of each fault at once. */
  readonly report?: (fault: string) => void;
}

/** What became of many points. */
export interface Points {
  /** Those whose trouble struck, by its kind. */
  readonly struck: ReadonlyMap<Kind, number>;
  /** Days that were over before their trouble; others were drawn in their place. */
  readonly missed: number;
  readonly total: number;
  /** Those among them that adopt a directory. */
  readonly adopting: number;
  /** Calls of the file system in their days. */
  readonly calls: number;
  readonly acknowledged: number;
  readonly remembered: number;
  readonly faults: readonly string[];
}

/**
 * Try points until the trouble of as many as were asked for struck. Rows are SQLite's, on the real disk, which is believed; one
 * catalog serves the points of a lane, each of which leaves it empty.
 */
export async function tryPoints({
  points,
  seed,
  folders,
  lanes,
  progress = () => {},
  report = () => {},
}: PointsOptions): Promise<Points> {
  const sums = { missed: 0, total: 0, adopting: 0, calls: 0, acknowledged: 0, remembered: 0 };
  const struck = new Map<Kind, number>(kinds.map((kind) => [kind, 0]));
  const faults: string[] = [];
  const far = (): Points => ({ ...sums, struck, faults });
  let number = seed;
  let underWay = 0;

  const add = (point: Outcome, at: number) => {
    for (const fault of point.faults) {
      faults.push(`point ${at}, ${fault}`);
      report(`point ${at}, ${fault}`);
    }
    if (!point.struck) {
      sums.missed++;
      return;
    }
    struck.set(point.kind, (struck.get(point.kind) ?? 0) + 1);
    sums.total++;
    sums.adopting += point.adopts ? 1 : 0;
    for (const what of ["calls", "acknowledged", "remembered"] as const) sums[what] += point[what];
    if (sums.total % 100 === 0 || sums.total === points) progress(far());
  };

  await inParallel(
    Array.from({ length: lanes }, (_, lane) => lane),
    lanes,
    async () => {
      let catalog: Catalog | undefined;
      while (sums.total + underWay < points) {
        const at = number++;
        underWay++;
        catalog ??= await openSqliteCatalog(join(folders.catalogs, `catalog-${at}.db`));
        const point = await tryPoint(join(folders.places, `point-${at}`), catalog, at);
        underWay--;
        add(point, at);
        // A fault leaves rows that are none of the next point's.
        if (point.faults.length > 0) {
          await catalog.close();
          catalog = undefined;
        }
      }
      await catalog?.close();
    },
  );
  return far();
}
