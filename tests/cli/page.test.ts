import { expect, test } from "bun:test";
import { type Bench, type Registry, withBench } from "../bench.ts";
import { playSession } from "../page/session.ts";

const user = { name: "myuser", password: "mypass" };

/** A registry that is told of its users as the page tells Docker's image: by a variable that names their file. */
async function asOnThePage(bench: Bench): Promise<Registry> {
  const path = bench.path("auth.htpasswd");
  const args = ["registry", "user", "add", user.name, "--password-stdin", "--htpasswd", path];
  await bench.done("chartroom", args, { stdin: user.password });
  return bench.chartroom([], { REGISTRY_AUTH: `{htpasswd: {realm: localhost, path: ${path}}}` });
}

for (const [kind, start, env] of [
  ["open to everyone", (bench: Bench) => bench.chartroom(), {}],
  ["with --htpasswd", (bench: Bench) => bench.chartroom([user]), { HELM_EXPERIMENTAL_OCI: "1" }],
  ["with REGISTRY_AUTH", asOnThePage, { HELM_EXPERIMENTAL_OCI: "0" }],
] as const)
  test(`the founding page, against our registry, ${kind}; HELM_EXPERIMENTAL_OCI=${env.HELM_EXPERIMENTAL_OCI ?? ""}`, async () => {
    await withBench(async (bench) => {
      const { host } = await start(bench);
      let steps = 0;
      for await (const { step, right, stdout, stderr } of playSession(bench, host, user.password, env)) {
        expect({ step: step.args.join(" "), right, stdout, stderr: right ? "" : stderr }).toEqual({
          step: step.args.join(" "),
          right: true,
          stdout,
          stderr: "",
        });
        steps++;
      }
      expect(steps).toBe(9);
    });
  }, 60_000);
