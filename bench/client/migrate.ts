import { digestOf } from "../../src/oci/digest.ts";
import { chartArchive, sampleChart } from "../../src/testing/charts.ts";
import { indexOf, rowOf } from "../../src/testing/migrate.ts";
import type { Bench } from "../../tests/bench.ts";
import { alternate, type Taken, take, times } from "../measure.ts";
import type { Row, Scenario } from "../scenario.ts";

/** A whole classic repository into a registry, by us and by a loop of Helm's pull and push, against the same server: ours. */
export const migrate: Scenario = {
  name: "client: migrate",
  needs: ["helm4"],
  run: async (bench) => [await migrated(bench, 100, 100, 3), await migrated(bench, 2000, 40, 2)],
};

/** @param looped of how many versions the loop is run; its time is taken so many times as there are more */
async function migrated(bench: Bench, count: number, looped: number, rounds: number): Promise<Row> {
  const { host } = await bench.chartroom();
  const versions = Array.from({ length: count }, (_, i) => `1.${i}.0`);
  const archives = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const version of versions) {
    const files = sampleChart({
      "Chart.yaml": `apiVersion: v2\nname: mychart\nversion: ${version}\ndescription: A sample\n`,
    });
    archives.set(version, new Uint8Array(await chartArchive(files)));
  }
  const index = indexOf(
    versions.map((version) => rowOf("mychart", version, { digest: digestOf(archives.get(version)!) })),
  );
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/index.yaml") return new Response(index);
      const archive = archives.get(/^\/mychart-(.*)\.tgz$/.exec(pathname)?.[1] ?? "");
      return archive === undefined ? new Response(null, { status: 404 }) : new Response(archive);
    },
  });
  const url = `http://127.0.0.1:${server.port}`;
  const world = { env: bench.environment(), cwd: bench.folder };
  const helm = (...args: string[]) => take({ program: "helm4", args, ...world });
  const site = `site-${count}`;
  await helm("repo", "add", site, url);
  try {
    const some = versions.filter((_, i) => i % (count / looped) === 0);
    const taken = await alternate(rounds, {
      chartroom: (round) =>
        take({ program: "chartroom", args: ["migrate", url, `${host}/ours-${count}/${round}`], ...world }),
      helm4: async (round) => {
        const sum: { -readonly [Figure in keyof Taken]: Taken[Figure] } = { time: 0, memory: 0 };
        const add = ({ time, memory }: Taken) => {
          sum.time += time;
          sum.memory = Math.max(sum.memory, memory);
        };
        for (const version of some) {
          add(await helm("pull", `${site}/mychart`, "--version", version));
          add(
            await helm(
              "push",
              `mychart-${version}.tgz`,
              `oci://${host}/helms-${count}/${round}`,
              "--plain-http",
            ),
          );
        }
        return { ...sum, time: (sum.time * count) / looped };
      },
    });
    return {
      scenario: `migrate a repository of ${count.toLocaleString("en")} versions`,
      unit: "ms",
      ours: times(taken.chartroom),
      peer: { name: "helm 4, a loop of pull and push", samples: times(taken.helm4) },
      note: `a server of small charts on this machine, the same registry, ours, for both; nothing there before${looped < count ? `; the loop's time is that of ${looped} of them, ${count / looped} times` : ""}`,
      // What is promised is of a repository of that size.
      ...(count >= 2000 && { goal: { atMost: 0.02, of: "ratio" } }),
    };
  } finally {
    await server.stop(true);
  }
}
