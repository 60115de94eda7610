import { join } from "node:path";
import type { Side } from "./sides.ts";

/**
 * ChartMuseum over files.
 * @param fill puts archives into its folder before it starts: it reads them then, and never again
 */
export const chartMuseum = (fill: (folder: string) => Promise<void>): Side => ({
  name: "ChartMuseum",
  program: "chartmuseum",
  durability: "files are not synced",
  start: (bench) =>
    bench.serving("chartmuseum", async (host, folder) => {
      const [address = "", port = ""] = host.split(":");
      const data = join(folder, "data");
      await fill(data);
      const storage = ["--storage", "local", "--storage-local-rootdir", data, "--disable-statefiles"];
      return ["--listen-host", address, "--port", port, ...storage];
    }),
});
