import { FilesystemBlobs } from "../blobs/filesystem.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { FileSystem } from "../files/filesystem.ts";
import { dataPathsOf } from "../registry/dataPaths.ts";
import { Registry } from "../registry/registry.ts";
import type { Store } from "../registry/store.ts";
import { WriteStop } from "../registry/writeStop.ts";
import { createHandler } from "../server/handler.ts";
import { Log } from "../server/log.ts";
import type { Ask } from "./witness.ts";

/** A registry as one process is it, from its start on. */
export interface FileRegistry {
  /** Its data directory. */
  readonly root: string;
  readonly ask: Ask;
  /** What it said when a sync failed. */
  readonly told: readonly string[];
  readonly blobs: FilesystemBlobs;
  readonly store: Store;
  readonly registry: Registry;
  stop(): Promise<void>;
}

/**
 * A registry as `registry serve` wires it, without a socket.
 * @param root its data directory
 * @param fs where its blobs lie
 * @param catalog its rows, which outlive it
 */
export function fileRegistry(
  root: string,
  fs: FileSystem,
  catalog: Catalog,
  { now = Date.now, rules }: Partial<Pick<Store, "now" | "rules">> = {},
): FileRegistry {
  const told: string[] = [];
  const writes = new WriteStop(({ message }) => told.push(message));
  const blobs = new FilesystemBlobs(writes.files(fs), dataPathsOf(root));
  const store = { blobs, catalog: writes.catalog(catalog), now, rules };
  const registry = new Registry(store);
  const handle = createHandler({ registry, log: new Log(() => {}), now });
  const peer = { address: "192.0.2.7", untime: () => {}, retime: () => {}, isThrough: () => true };
  const ask: Ask = async (line, body, type = "application/octet-stream") => {
    const [method = "", path = ""] = line.split(" ");
    const headers: Record<string, string> =
      body === undefined ? {} : { "content-type": type, "content-length": `${body.byteLength}` };
    const request = new Request(`http://registry.example${path}`, {
      ...{ method, headers },
      ...(body !== undefined && { body: body as Uint8Array<ArrayBuffer> }),
    });
    return handle(request, peer);
  };
  return { root, ask, told, blobs, store, registry, stop: () => registry.close() };
}
