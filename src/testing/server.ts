import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FilesystemBlobs } from "../blobs/filesystem.ts";
import { openSqliteCatalog } from "../catalog/sqlite/sqlite.ts";
import { nodeFileSystem } from "../files/filesystem.ts";
import type { MirrorSource } from "../registry/mirror/mirror.ts";
import { Registry } from "../registry/registry.ts";
import { Log } from "../server/log.ts";
import { type RunningServer, type ServerOptions, startServer } from "../server/server.ts";

export interface TestServer extends Pick<RunningServer, "url"> {
  /** What it logged so far. */
  logged(): string;
  /** The names of the files of uploads that are under way. */
  ingests(): Promise<string[]>;
  /** Stop it and start it again over the same data; gives its new URL. */
  restart(): Promise<string>;
  stop(deadline: number): Promise<void>;
  /** Stop it and take its data away. */
  dispose(): Promise<void>;
}

/** A registry as it is served: on a free port of 127.0.0.1, with blobs in files and the catalog in SQLite. */
export async function testServer({
  mirrors,
  ...options
}: Partial<Omit<ServerOptions, "registry" | "addresses" | "log" | "now">> & {
  readonly mirrors?: readonly MirrorSource[];
} = {}): Promise<TestServer> {
  const root = await mkdtemp(join(tmpdir(), "chartroom-server-"));
  let text = "";
  const start = async () => {
    const blobs = new FilesystemBlobs(nodeFileSystem, {
      blobs: join(root, "blobs"),
      ingest: join(root, "ingest"),
    });
    const catalog = await openSqliteCatalog(join(root, "catalog.db"));
    const registry = new Registry({ blobs, catalog, now: Date.now }, mirrors);
    await registry.start(() => {});
    const log = new Log((lines) => {
      text += lines;
    });
    const addresses = [{ hostname: "127.0.0.1", port: 0 }];
    const server = await startServer({ registry, addresses, log, now: Date.now, ...options });
    const stop = async (deadline: number) => {
      await server.stop(deadline);
      await registry.close();
      await catalog.close();
    };
    return { url: server.url, stop };
  };
  let running = await start();
  let stopped: Promise<void> | undefined;
  const stop = (deadline: number) => (stopped ??= running.stop(deadline));
  return {
    url: running.url,
    logged: () => text,
    ingests: () => readdir(join(root, "ingest")),
    async restart() {
      await stop(0);
      stopped = undefined;
      running = await start();
      return running.url;
    },
    stop,
    async dispose() {
      await stop(0);
      await rm(root, { recursive: true });
    },
  };
}
