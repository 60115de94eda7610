import { expect } from "bun:test";
import { sampleChart } from "../../src/testing/charts.ts";
import { writtenChart } from "./charts.ts";
import { helms, logIn, user } from "./helm.ts";
import { interop } from "./support.ts";

for (const helm of helms) {
  interop(`${helm} and we keep logins in one file, and each logs the other out`, [helm], async (bench) => {
    const registry = await bench.chartroom([user]);
    const other = await bench.chartroom([user]);
    const env = { HELM_REGISTRY_CONFIG: bench.path("logins/config.json") };
    await logIn(bench, helm, registry, env);
    await logIn(bench, "chartroom", other, env);
    const hosts = async () => Object.keys((await Bun.file(env.HELM_REGISTRY_CONFIG).json()).auths).toSorted();
    expect(await hosts()).toEqual([registry.host, other.host].toSorted());

    const source = await writtenChart(bench, "mychart", sampleChart());
    for (const { host } of [registry, other]) {
      const ref = `${host}/charts/mychart:0.1.0`;
      await bench.done("chartroom", ["chart", "save", source, ref]);
      await bench.done("chartroom", ["chart", "push", ref], { env });
      await bench.done(helm, ["pull", `oci://${ref}`, "--plain-http"], { env });
    }

    await bench.done("chartroom", ["registry", "logout", registry.host], { env });
    expect(await hosts()).toEqual([other.host]);
    const theirs = await bench.run(
      helm,
      ["pull", `oci://${registry.host}/charts/mychart:0.1.0`, "--plain-http"],
      { env },
    );
    expect(theirs.exitCode).not.toBe(0);
    await bench.done(helm, ["registry", "logout", other.host], { env });
    expect(
      (await bench.run("chartroom", ["chart", "pull", `${other.host}/charts/mychart:0.1.0`], { env }))
        .exitCode,
    ).toBe(4);
  });

  interop(`${helm} refuses to log in with a wrong password, and so do we`, [helm], async (bench) => {
    const { host } = await bench.chartroom([user]);
    const args = ["registry", "login", host, "-u", user.name, "--password-stdin"];
    const theirs = await bench.run(helm, [...args, "--plain-http"], { stdin: "wrong" });
    expect(theirs.exitCode).not.toBe(0);
    expect(theirs.stderr).toContain("401");
    expect(await bench.run("chartroom", args, { stdin: "wrong" })).toMatchObject({ exitCode: 4, stdout: "" });
  });
}
