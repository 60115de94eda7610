import { join } from "node:path";
import type { Registry } from "../../tests/bench.ts";
import { contest } from "../peers/contest.ts";
import { curl } from "../peers/curl.ts";
import { generate } from "../peers/generate.ts";
import { forget, LargeBlob } from "../peers/large.ts";
import { nginx } from "../peers/nginx.ts";
import { placeOf } from "../peers/push.ts";
import { distribution2, distribution3, type Side, zot } from "../peers/sides.ts";
import { wrk } from "../peers/wrk.ts";
import type { Goal, Scenario } from "../scenario.ts";

const repository = "charts/app";
const size = 100 * 1024 * 1024;
const speed = (seconds: number) => ({ figure: size / 1e6 / seconds, operations: 1 });

/**
 * A large blob in, and out again. One client leaves most of a machine idle: so servers may use all of it, and hash on one core
 * while they write on another, if they can.
 */
export const largeBlob: Scenario = {
  name: "server: blob, 100 MB",
  needs: ["curl", "distribution3", "nginx"],
  async run(bench) {
    const blob = new LargeBlob(bench, size);
    /** POST and PUT. @returns what it took in seconds */
    const pushed = async ({ host }: Registry): Promise<{ took: number; digest: string }> => {
      const digest = await blob.next();
      const began = performance.now();
      const place = await placeOf({ host, repository }, digest);
      const opened = (performance.now() - began) / 1000;
      const put = ["--upload-file", blob.path, "--header", "content-type: application/octet-stream"];
      return { took: opened + (await curl([...put, `http://${host}${place}`])), digest };
    };
    const put = await contest(bench, {
      ...{
        scenario: "blob PUT 100 MB",
        unit: "MB/s",
        note: "POST, then PUT by curl, one client, servers on all cores; another blob each time",
        allCores: true,
      },
      against: [[distribution3, { atLeast: 1.2, of: "ratio" }], [distribution2], [zot]],
      async measure(server) {
        const { took, digest } = await pushed(server);
        await forget(server, digest);
        return speed(took);
      },
    });
    const chunked = await contest(bench, {
      ...{ scenario: "blob PUT 100 MB in four chunks", unit: "MB/s", allCores: true, rounds: 3 },
      note: "POST, four PATCHes, PUT, one client, servers on all cores; another blob each time",
      against: [[distribution3], [zot]],
      async measure({ host }, round) {
        return speed(await generate("uploader", host, round, 1, size, "chunked"));
      },
    });
    const urls = new Map<Registry, string>();
    const getting = (goal: Goal | undefined) => ({
      ...{ unit: "MB/s" as const, allCores: true },
      against: [[nginx, goal], [distribution3], [zot]] as const,
      async prepare(server: Registry, side: Side) {
        if (side === nginx) {
          await blob.next();
          await Bun.write(join(server.folder, "files/blob"), Bun.file(blob.path));
          urls.set(server, `http://${server.host}/blob`);
        } else {
          const { digest } = await pushed(server);
          urls.set(server, `http://${server.host}/v2/${repository}/blobs/${digest}`);
        }
      },
    });
    const get = await contest(bench, {
      ...getting({ atLeast: 0.75, of: "ratio" }),
      scenario: "blob GET 100 MB",
      note: "curl, one client, servers on all cores, from the page cache",
      measure: async (server) => speed(await curl([urls.get(server)!])),
    });
    const many = await contest(bench, {
      ...getting(undefined),
      ...{ scenario: "blob GET 100 MB, 32 clients", rounds: 3 },
      note: "wrk, 32 connections, servers on all cores, from the page cache",
      async measure(server) {
        const { bytes } = await wrk({ url: urls.get(server)! });
        return { figure: bytes / 1e6, operations: bytes / size };
      },
    });
    return [...put, ...chunked, ...get, ...many];
  },
};
