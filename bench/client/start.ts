import { alternate, take, times } from "../measure.ts";
import type { Scenario } from "../scenario.ts";

/** From nothing to the first answer: what every command pays. */
export const start: Scenario = {
  name: "client: start",
  needs: ["helm4"],
  async run(bench) {
    const side = (program: "chartroom" | "helm4", ...args: string[]) => ({
      ...{ program, args, env: bench.environment(), cwd: bench.folder },
    });
    const taken = await alternate(30, {
      ours: () => take(side("chartroom", "--version")),
      helm4: () => take(side("helm4", "version")),
    });
    return [
      {
        scenario: "start of the binary",
        unit: "ms",
        ours: times(taken.ours),
        peer: { name: "helm 4", samples: times(taken.helm4) },
        note: "`chartroom --version` and `helm version`, from the page cache",
        goal: { atMost: 0.25, of: "ratio" },
      },
    ];
  },
};
