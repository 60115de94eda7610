import { afterAll, expect } from "bun:test";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { museumSuite } from "../../src/server/classic/museum.suite.ts";
import { Bench } from "../bench.ts";
import { find } from "../programs.ts";
import { user } from "./helm.ts";
import { interop } from "./support.ts";

// ChartMuseum itself, where CHARTROOM_CHARTMUSEUM names its binary: what the table of its answers says of it is so. One server for all
// tests, with a repository of its own for each.
if (find("chartmuseum") !== undefined) {
  const bench = await Bench.open();
  afterAll(() => bench.close());
  const { host } = await bench.serving("chartmuseum", async (address, folder) => {
    const [listen = "", port = ""] = address.split(":");
    const storage = ["--storage", "local", "--storage-local-rootdir", join(folder, "data")];
    return ["--listen-host", listen, "--port", port, "--depth", "2", "--context-path", "/charts", ...storage];
  });
  let count = 0;
  await museumSuite({
    name: "ChartMuseum",
    archives: "charts/",
    hasHead: (path) => /^\/charts\/api\/org\/repo\/charts\/[^/]+(\/[^/]+)?$/.test(path),
    async open() {
      const repository = `org/repo-${++count}`;
      return {
        ask(line, { headers = {}, body } = {}) {
          const [method = "", path = ""] = line.split(" ", 2);
          const url = `http://${host}${path.replace("org/repo", repository)}`;
          return fetch(url, { method, headers, body: (body ?? null) as BodyInit | null, proxy: false });
        },
      };
    },
  });
}

// Helm's plugin cm-push itself, where CHARTROOM_CM_PUSH names its binary.
const plugin = find("helm-cm-push");
if (plugin !== undefined)
  interop("the plugin cm-push publishes a chart, and shows why it is refused", ["helm3"], async (bench) => {
    const { host } = await bench.chartroom([user]);
    const manifest = `name: cm-push\nversion: 0.0.1\ncommand: ${JSON.stringify(plugin)}\n`;
    await Bun.write(bench.path("plugins/cm-push/plugin.yaml"), manifest);
    await cp(join(import.meta.dir, "../../examples/mychart"), bench.path("mychart"), { recursive: true });
    const env = { HELM_PLUGINS: bench.path("plugins") };
    const said = async (...args: string[]) => {
      const { stdout, stderr } = await bench.run("helm3", args, { env });
      return stdout + stderr;
    };
    const site = `http://${host}/charts/team`;
    const login = ["--username", user.name, "--password", user.password];
    await said("repo", "add", "mine", site, ...login);
    expect(await said("cm-push", "mychart", "mine")).toContain("Done.");
    expect(await said("cm-push", "mychart", "mine")).toContain("Error: 409: chart already exists");
    expect(await said("cm-push", "mychart", "mine", "--force")).toContain("Done.");
    expect(await said("cm-push", "mychart", site)).toContain("Error: 401: unauthorized");
    const wrong = ["--username", user.name, "--password", "wrong"];
    expect(await said("cm-push", "mychart", site, ...wrong)).toContain("Error: 401: unauthorized");
    await said("repo", "update");
    expect(await said("search", "repo", "mine/")).toContain("mine/mychart");
  });
