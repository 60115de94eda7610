import { expect } from "bun:test";
import type { Program } from "../programs.ts";
import { savedCharts } from "./charts.ts";
import { user } from "./helm.ts";
import { type Bench, interop } from "./support.ts";

/** How each tool logs in to a registry on http, or to a path of it, and where it keeps that by itself. */
const tools: Partial<Record<Program, { args: (place: string) => string[]; file: string; paths?: true }>> = {
  skopeo: {
    args: (place) => ["login", "--tls-verify=false", "-u", user.name, "--password-stdin", place],
    file: "home/run/containers/auth.json",
    paths: true,
  },
  oras: {
    args: (place) => ["login", "--plain-http", "-u", user.name, "--password-stdin", place],
    file: "home/.docker/config.json",
  },
  crane: {
    args: (place) => ["auth", "login", place, "-u", user.name, "--password-stdin"],
    file: "home/.docker/config.json",
  },
};

const push = async (bench: Bench, name: string): Promise<number> => {
  const [{ ref }] = await savedCharts(bench, name, "0.1.0");
  return (await bench.run("chartroom", ["chart", "push", ref])).exitCode;
};

for (const [tool, { args, file, paths }] of Object.entries(tools) as [
  Program,
  (typeof tools)[Program] & {},
][])
  interop(`who logged in with ${tool} is logged in with us`, [tool], async (bench) => {
    const { host } = await bench.chartroom([user]);
    expect(await push(bench, `${host}/team/mychart`)).toBe(4);
    // With DOCKER_CONFIG set skopeo would write there.
    const env: Record<string, string> = paths ? { DOCKER_CONFIG: "" } : {};
    await bench.done(tool, args(paths ? `${host}/team` : host), { stdin: user.password, env });
    expect(await Bun.file(bench.path(file)).exists()).toBe(true);
    expect(await push(bench, `${host}/team/mychart`)).toBe(0);
    expect(await push(bench, `${host}/teams/mychart`)).toBe(paths ? 4 : 0);
  });

interop("skopeo reads our login of a path", ["skopeo"], async (bench) => {
  const { host } = await bench.chartroom([user]);
  const file = bench.path("logins.json");
  const login = ["registry", "login", `${host}/team`, "-u", user.name, "--password-stdin"];
  await bench.done("chartroom", [...login, "--registry-config", file], { stdin: user.password });
  const env = { HELM_REGISTRY_CONFIG: file };
  const [{ ref }] = await savedCharts(bench, `${host}/team/mychart`, "0.1.0");
  await bench.done("chartroom", ["chart", "push", ref], { env });
  const inspect = ["inspect", "--raw", "--tls-verify=false", "--authfile", file, `docker://${ref}`];
  expect(JSON.parse(await bench.done("skopeo", inspect)).layers).toHaveLength(1);
});
