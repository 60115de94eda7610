import { join } from "node:path";
import type { Bench, Registry } from "../../tests/bench.ts";
import { find, type Program } from "../../tests/programs.ts";
import type { Conditions } from "../scenario.ts";

/** How a registry is started, the same for every side. */
export interface Settings {
  /** Whether each request is logged. */
  readonly logs: boolean;
  /** A file of users; everybody may enter where there is none. */
  readonly htpasswd?: string | undefined;
  /** Paths of a certificate and its key, for https. */
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined;
}

/** A registry that takes part. */
export interface Side {
  readonly name: string;
  readonly program: Program | "chartroom";
  /** When an acknowledged push is on the disk. */
  readonly durability: string;
  start(bench: Bench, settings: Settings): Promise<Registry>;
}

/** Chartroom, by the configuration that CNCF Distribution gets too. */
export const ours: Side = {
  name: "chartroom",
  program: "chartroom",
  durability: "synced before it is acknowledged, directories and rows too",
  start: (bench, settings) => bench.configured("chartroom", configOf(settings)),
};

const cncf = (name: string, program: "distribution3" | "docker-registry"): Side => ({
  name,
  program,
  durability: "files are synced, their directories are not",
  start: (bench, settings) => bench.configured(program, configOf(settings)),
});

export const distribution3: Side = cncf("Distribution 3", "distribution3");
export const distribution2: Side = cncf("docker-registry 2.8", "docker-registry");

export const zot: Side = {
  name: "zot",
  program: "zot",
  durability: "files are synced (commit: true), by default they are not",
  start: (bench, { logs, htpasswd }) =>
    bench.serving("zot", async (host, folder) => {
      const [address, port] = host.split(":");
      const config = {
        distSpecVersion: "1.1.1",
        storage: { rootDirectory: join(folder, "data"), gc: false, dedupe: true, commit: true },
        http: { address, port, ...(htpasswd !== undefined && { auth: { htpasswd: { path: htpasswd } } }) },
        log: { level: logs ? "info" : "error" },
      };
      await Bun.write(join(folder, "config.json"), JSON.stringify(config));
      return ["serve", join(folder, "config.json")];
    }),
};

/** Who can stand beside us: whoever is not installed is left out. */
export const peers: readonly Side[] = [distribution3, distribution2, zot];

export const isHere = ({ program }: Side): boolean => program === "chartroom" || find(program) !== undefined;

/** Under which conditions a side was measured. */
export const conditionsOf = (side: Side, { logs, htpasswd }: Settings): Conditions => ({
  durability: side.durability,
  logs: logs ? "each request" : "off",
  authentication: htpasswd === undefined ? "none" : "htpasswd",
});

/** Distribution's default image keeps descriptors in memory; so do we beside it. */
const configOf =
  ({ logs, htpasswd, tls }: Settings) =>
  (host: string, folder: string): object => ({
    version: 0.1,
    log: { level: logs ? "info" : "error", accesslog: { disabled: !logs } },
    storage: {
      filesystem: { rootdirectory: join(folder, "data") },
      delete: { enabled: true },
      cache: { blobdescriptor: "inmemory" },
    },
    http: { addr: host, ...(tls !== undefined && { tls }) },
    ...(htpasswd !== undefined && { auth: { htpasswd: { realm: "bench", path: htpasswd } } }),
  });
