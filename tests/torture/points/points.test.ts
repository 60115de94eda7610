import { expect, test } from "bun:test";
import { withFolders } from "./folders.ts";
import { tryPoints } from "./points.ts";

// The long run is `npm run torture points`.
test("whatever befalls a day of clients, collections and adoptions, nothing acknowledged is lost and the same again succeeds", async () => {
  const { struck, total, faults } = await withFolders((folders) =>
    tryPoints({ folders, points: 10, seed: 71, lanes: 2 }),
  );
  expect(faults).toEqual([]);
  expect(total).toBe(10);
  expect([...struck.values()].every((times) => times > 0)).toBe(true);
});
