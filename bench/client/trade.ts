import { cp } from "node:fs/promises";
import { join } from "node:path";
import { alternate, type Taken, take, times } from "../measure.ts";
import type { Scenario } from "../scenario.ts";

const example = join(import.meta.dir, "../../examples/mychart");

/** One chart to the registry and back, by us and by Helm, against the same server: ours. */
export const trade: Scenario = {
  name: "client: push and pull",
  needs: ["helm4"],
  async run(bench) {
    const { host } = await bench.chartroom();
    await cp(example, bench.path("mychart"), { recursive: true });
    const world = { env: bench.environment(), cwd: bench.folder };
    const ours = (...args: string[]) => take({ program: "chartroom", args: ["chart", ...args], ...world });
    const helm = (...args: string[]) => take({ program: "helm4", args, ...world });
    const both = async (push: Promise<Taken>, pull: () => Promise<Taken>): Promise<Taken> => {
      const [up, down] = [await push, await pull()];
      return { time: up.time + down.time, memory: Math.max(up.memory, down.memory) };
    };
    // A version a round, so that every push and every pull moves the chart; packing it is not measured.
    const versionOf = (round: number) => `1.${round}.0`;
    const write = (round: number) =>
      Bun.write(
        bench.path("mychart", "Chart.yaml"),
        `apiVersion: v2\nname: mychart\nversion: ${versionOf(round)}\ndescription: A sample\n`,
      );
    const taken = await alternate(15, {
      chartroom: async (round) => {
        await write(round);
        const name = `${host}/ours/mychart:${versionOf(round)}`;
        await ours("save", "mychart", name);
        return both(ours("push", name), () => ours("pull", name, "--store", bench.path("pulled")));
      },
      helm4: async (round) => {
        await helm("package", "mychart");
        return both(
          helm("push", `mychart-${versionOf(round)}.tgz`, `oci://${host}/helms`, "--plain-http"),
          () =>
            helm(
              ...["pull", `oci://${host}/helms/mychart`, "--version", versionOf(round)],
              ...["--plain-http", "-d", bench.path("tmp")],
            ),
        );
      },
    });
    return [
      {
        scenario: "push and pull of one chart",
        unit: "ms",
        ours: times(taken.chartroom),
        peer: { name: "helm 4", samples: times(taken.helm4) },
        note: "the same registry, ours, for both; our pull is synced to the disk, Helm's is not",
        goal: { atMost: 0.5, of: "ratio" },
      },
    ];
  },
};
