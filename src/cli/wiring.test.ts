import { expect, test } from "bun:test";
import { dataPathsOf } from "../registry/dataPaths.ts";
import { withDirectory } from "../testing/charts.ts";
import { openRegistry } from "./wiring.ts";

const needs = { now: Date.now, report: () => {}, sweep: "off", rules: {}, mirrors: [] } as const;

test("a registry keeps leaves of indexes where its data are, and nowhere in memory", () =>
  withDirectory(async (directory) => {
    const kept = await openRegistry(dataPathsOf(directory), needs);
    expect(kept.store.leafFiles?.("team/", "yaml")).toBeDefined();
    await kept.close();
    const forgotten = await openRegistry(undefined, needs);
    expect(forgotten.store.leafFiles).toBeUndefined();
    await forgotten.close();
  }));
