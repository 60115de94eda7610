import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { alternate, take, times } from "../measure.ts";
import type { Scenario } from "../scenario.ts";

const files = 500;

/** A chart of many files into the store, beside Helm's packing it into a file. */
export const save: Scenario = {
  name: "client: save",
  needs: ["helm4"],
  async run(bench) {
    const templates = bench.path("mychart", "templates");
    await mkdir(templates, { recursive: true });
    for (let i = 0; i < files; i++) {
      const lines = Array.from({ length: 40 }, (_, line) => `key-${line}: {{ .Values.value${i} | quote }}\n`);
      await Bun.write(join(templates, `template-${i}.yaml`), lines.join(""));
    }
    const world = { env: bench.environment(), cwd: bench.folder };
    // A version a round, so that there is always a new chart to be kept.
    const write = (round: number) =>
      Bun.write(
        bench.path("mychart", "Chart.yaml"),
        `apiVersion: v2\nname: mychart\nversion: 1.${round}.0\ndescription: A sample\n`,
      );
    const store = ["--store", bench.path("store")];
    const taken = await alternate(10, {
      async chartroom(round) {
        await write(round);
        const name = `localhost:5000/team/mychart:1.${round}.0`;
        return take({ program: "chartroom", args: ["chart", "save", "mychart", name, ...store], ...world });
      },
      helm4: () => take({ program: "helm4", args: ["package", "mychart"], ...world }),
    });
    return [
      {
        scenario: `save of a chart of ${files} files`,
        unit: "ms",
        ours: times(taken.chartroom),
        peer: { name: "helm 4, package", samples: times(taken.helm4) },
        note: "our store is synced to the disk, and the bytes are the same on every machine; Helm's file is neither",
      },
    ];
  },
};
