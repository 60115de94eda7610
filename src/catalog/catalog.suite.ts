import { describe, test } from "bun:test";
import { blobTests } from "./blobs.suite.ts";
import type { Catalog } from "./catalog.ts";
import { chartTests } from "./charts.suite.ts";
import { collectionTests } from "./collection.suite.ts";
import { eventTests } from "./events.suite.ts";
import { listTests } from "./lists.suite.ts";
import { looseTests } from "./loose.suite.ts";
import { manifestTests } from "./manifests.suite.ts";
import { mendingTests } from "./mending.suite.ts";
import type { On } from "./on.suite.ts";
import { scanTests } from "./scans.suite.ts";

/** What every catalog does, whatever it is made of. `make` gives an empty one for each test. */
export function catalogSuite(name: string, make: () => Promise<Catalog>): void {
  const on: On = (title, body) =>
    test(title, async () => {
      const catalog = await make();
      try {
        await body(catalog);
      } finally {
        await catalog.close();
      }
    });

  describe(name, () => {
    blobTests(on);
    manifestTests(on);
    listTests(on);
    eventTests(on);
    scanTests(on);
    mendingTests(on);
    collectionTests(on);
    looseTests(on);
    chartTests(on);
  });
}
