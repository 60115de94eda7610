import { contest } from "../peers/contest.ts";
import { generate } from "../peers/generate.ts";
import { distribution3, zot } from "../peers/sides.ts";
import type { Row, Scenario } from "../scenario.ts";

const loads = [
  ["blob PUT 10 KB", 10 * 1024, 100, "whole"],
  ["blob PUT 10 KB in four chunks", 10 * 1024, 50, "chunked"],
  ["blob PUT 1 MB", 1024 * 1024, 30, "whole"],
  ["blob PUT 1 MB in four chunks", 1024 * 1024, 30, "chunked"],
] as const;

/** Blobs of other sizes in, whole and in chunks. */
export const uploads: Scenario = {
  name: "server: uploads",
  needs: ["distribution3"],
  async run(bench) {
    const rows: Row[] = [];
    for (const [scenario, size, count, how] of loads)
      rows.push(
        ...(await contest(bench, {
          ...{ scenario, unit: "/s", against: [[distribution3], [zot]] },
          note: "eight clients, each opens an upload and sends another blob each time",
          measure: async ({ host }, round) => {
            const seconds = await generate("uploader", host, round, count, size, how);
            return { figure: count / seconds, operations: count };
          },
        })),
      );
    return rows;
  },
};
