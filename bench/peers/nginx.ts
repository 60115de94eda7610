import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Bench, Registry } from "../../tests/bench.ts";
import type { Side } from "./sides.ts";

/** nginx over a folder of files, which is what a server of bytes can do: one worker, sendfile, no log. */
export const nginx: Side = {
  name: "nginx",
  program: "nginx",
  durability: "serves files",
  start: (bench: Bench): Promise<Registry> =>
    bench.serving("nginx", async (host, folder) => {
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
        (what) => `${what}_temp_path ${join(folder, what)};`,
      );
      await mkdir(join(folder, "files"));
      const config = `
        daemon off; master_process off; pid ${join(folder, "pid")};
        ${process.getuid?.() === 0 ? "user root;" : ""}
        events {}
        http {
          access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; ${temporary.join(" ")}
          server { listen ${host}; root ${join(folder, "files")}; default_type application/octet-stream; }
        }`;
      await Bun.write(join(folder, "nginx.conf"), config);
      return ["-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf")];
    }),
};
