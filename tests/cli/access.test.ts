import { describe, expect } from "bun:test";
import type { Bench } from "../bench.ts";
import { onBench, refusalOf } from "./cli.ts";
import { started } from "./serving.ts";

const free = ["--addr", "127.0.0.1:0", "--data", "data"];
const serve = (bench: Bench, args: readonly string[], env: Record<string, string> = {}) =>
  bench.run("chartroom", ["registry", "serve", ...free, ...args], { env });
const add = (bench: Bench, name: string) =>
  bench.done("chartroom", ["registry", "user", "add", name, "--password-stdin", "--data", "data"], {
    stdin: "pw\n",
  });

describe("access", () => {
  onBench("by one flag everyone pulls, and only users push", async (bench) => {
    await add(bench, "ann");
    const server = await started(bench, [...free, "--anonymous-pull"]);
    expect(server.said()).toContain(
      `Everyone may pull, only users in ${bench.path("data/htpasswd")} may push\n`,
    );
    const ask = async (method: string, path: string, user?: string) => {
      const headers = user === undefined ? {} : { authorization: `Basic ${btoa(`${user}:pw`)}` };
      return (await fetch(server.url + path, { method, headers })).status;
    };
    expect(await ask("GET", "/v2/a/tags/list")).toBe(404);
    expect(await ask("POST", "/v2/a/blobs/uploads/")).toBe(401);
    expect(await ask("POST", "/v2/a/blobs/uploads/", "ann")).toBe(202);
    // A user who comes while it serves counts, without a start.
    await add(bench, "bob");
    while ((await ask("POST", "/v2/a/blobs/uploads/", "bob")) !== 202) await Bun.sleep(50);
    expect(await server.stop()).toBe(0);
  });

  onBench("by rules tells who may do what, and warns of a user whom nobody knows", async (bench) => {
    await add(bench, "ann");
    const rules = "{repositories: {'team/**': {push: [ann, anne]}, '**': {pull: everyone}}}";
    const server = await started(bench, free, { REGISTRY_ACCESS: rules });
    const users = bench.path("data/htpasswd");
    expect(server.said()).toContain(`2 rules say who may pull and push; users are in ${users}\n`);
    expect(server.said()).toContain(
      `Warning: access.repositories.team/**.push (REGISTRY_ACCESS) names the user "anne", whom ${users} does not have; did you mean ann?\n`,
    );
    expect(await server.stop()).toBe(0);
  });

  onBench("that would be missed is refused, and nothing is made", async (bench) => {
    expect(refusalOf(await serve(bench, ["--anonymous-pull"]))).toEqual({
      exitCode: 2,
      message: "Cannot serve by these access rules: they speak of users, and nobody can log in",
      hint: "Add a user with `chartroom registry user add NAME`, or name a file with --htpasswd.",
    });
    const misspelt = await serve(bench, [], { REGISTRY_ACCESS: "{repositories: {a: {pul: users}}}" });
    expect(refusalOf(misspelt)).toMatchObject({
      exitCode: 2,
      message: "Cannot use access.repositories.a.pul (REGISTRY_ACCESS): it is unknown; did you mean pull?",
    });
    expect(await Bun.file(bench.path("data/catalog.db")).exists()).toBe(false);
  });
});
