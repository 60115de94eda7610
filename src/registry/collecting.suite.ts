import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Blobs } from "../blobs/blobs.ts";
import { FilesystemBlobs } from "../blobs/filesystem.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Command } from "../catalog/command.ts";
import { MemoryCatalog } from "../catalog/memory/memory.ts";
import { openSqliteCatalog } from "../catalog/sqlite/sqlite.ts";
import { nodeFileSystem } from "../files/filesystem.ts";
import type { Digest } from "../oci/digest.ts";
import { Registry } from "./registry.ts";
import { replacing } from "./replacing.ts";
import type { Rules } from "./store.ts";

/** The grace period of these tests, in ms, and when they begin. */
export const [grace, began] = [1000, 1_000_000];

/** A step of a push or a collection that a test can stop at. */
export type Step = `${"before" | "after"} ${Command["kind"] | "remove"}`;

/** Work that waits at a step. */
export interface Stopped {
  /** Resolves once somebody has come there. */
  readonly reached: Promise<void>;
  go(): void;
}

/** A registry over files and one of the catalogs, with a clock of its own, whose steps a test can stop. */
export interface CollectingRegistry extends AsyncDisposable {
  readonly clock: { now: number };
  readonly registry: Registry;
  readonly blobs: Blobs;
  readonly catalog: Catalog;
  /** Steps that were done, in order. */
  readonly steps: Step[];
  /** Stop whoever comes to this step next. */
  stop(step: Step): Stopped;
  /** Fail whoever comes to this step next. */
  fail(step: Step, error?: Error): void;
  /** Another process over the same data, once this one has died. */
  restarted(): Registry;
}

/** A new one, empty. */
export async function collectingRegistry(
  kind: "memory" | "sqlite",
  rules: Rules = { grace },
): Promise<CollectingRegistry> {
  const root = await mkdtemp(join(tmpdir(), "chartroom-collect-"));
  const [kept, rows] = [
    new FilesystemBlobs(nodeFileSystem, { blobs: join(root, "blobs"), ingest: join(root, "ingest") }),
    kind === "memory" ? new MemoryCatalog() : await openSqliteCatalog(join(root, "catalog.db")),
  ];
  const clock = { now: began };
  const steps: Step[] = [];
  const waiting = new Map<Step, () => Promise<void>>();
  const pass = async (step: Step) => {
    const wait = waiting.get(step);
    waiting.delete(step);
    await wait?.();
    steps.push(step);
  };
  const passing = async <T>(what: Command["kind"] | "remove", work: () => Promise<T>): Promise<T> => {
    await pass(`before ${what}`);
    const result = await work();
    await pass(`after ${what}`);
    return result;
  };
  const catalog = replacing<Catalog>(rows, {
    apply: (command) => passing(command.kind, () => rows.apply(command)),
  });
  const blobs = replacing<Blobs>(kept, {
    remove: (digest: Digest) => passing("remove", () => kept.remove(digest)),
  });
  const made: Registry[] = [];
  const make = () => {
    const registry = new Registry({ blobs, catalog, now: () => clock.now, rules });
    made.push(registry);
    return registry;
  };
  return {
    clock,
    registry: make(),
    blobs,
    catalog,
    steps,
    stop(step) {
      const [reached, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      waiting.set(step, () => {
        reached.resolve();
        return gone.promise;
      });
      return { reached: reached.promise, go: gone.resolve };
    },
    fail(step, error = new Error(`made to fail ${step}`)) {
      waiting.set(step, () => Promise.reject(error));
    },
    restarted: make,
    async [Symbol.asyncDispose]() {
      for (const registry of made) await registry.close();
      await rows.close();
      await rm(root, { recursive: true });
    },
  };
}
