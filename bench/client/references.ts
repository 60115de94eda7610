import { cp } from "node:fs/promises";
import { join } from "node:path";
import { alternate, memories, take, times } from "../measure.ts";
import type { Row, Scenario } from "../scenario.ts";
import { fabricateStore } from "../store.ts";

const count = 10_000;
const example = join(import.meta.dir, "../../examples/mychart");

/** A store of ten thousand references: list it, save one more into it, check it. */
export const references: Scenario = {
  name: "client: a large store",
  needs: [],
  async run(bench) {
    const store = bench.path("store");
    await fabricateStore(store, count);
    await cp(example, bench.path("mychart"), { recursive: true });
    const chart = (...args: string[]) => ({
      ...{ program: "chartroom" as const, env: bench.environment(), cwd: bench.folder },
      args: ["chart", ...args, "--store", store],
    });
    const taken = await alternate(20, {
      // Each round another chart under another name: what is there already would cost less.
      save: async (round) => {
        await Bun.write(bench.path("mychart", "values.yaml"), `round: ${round}\n`);
        return take(chart("save", "mychart", `localhost:5000/team/mychart:${round}.0.0`));
      },
      // The list after a save reads the new manifest and remembers; the next one only looks at the files.
      "list after a save": () => take(chart("list")),
      list: () => take(chart("list")),
      check: () => take(chart("check")),
    });
    const rows: Row[] = [];
    const note = {
      list: "every row of the table; what the manifests say is remembered, the files are looked at",
      "list after a save":
        "index.json is another and one manifest is new; what is remembered is written, with its syncs",
      save: "a new chart, with every sync",
      check: "30,000 blobs of about 330 bytes, from the page cache",
    };
    for (const [name, goal] of [
      ["list", 100],
      ["list after a save", 100],
      ["save", 150],
      ["check", undefined],
    ] as const) {
      const ours = taken[name];
      if (goal !== undefined)
        rows.push({
          ...{ scenario: `${name}, 10,000 references`, unit: "ms", note: note[name] },
          ...{ ours: times(ours), goal: { atMost: goal, of: "figure" } },
        });
      rows.push({
        ...{ scenario: `${name}, 10,000 references: peak memory`, unit: "MiB", note: note[name] },
        ...{ ours: memories(ours), goal: { atMost: 120, of: "figure" } },
      });
    }
    return rows;
  },
};
