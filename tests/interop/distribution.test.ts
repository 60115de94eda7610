import { expect } from "bun:test";
import { playSession } from "../page/session.ts";
import { ours, savedCharts, signedCharts } from "./charts.ts";
import { interop, type User } from "./support.ts";

const user: User = { name: "myuser", password: "mypass" };

for (const [kind, users] of [
  ["open", []],
  ["with users", [user]],
] as const)
  interop(`the founding page, against docker-registry, ${kind}`, ["docker-registry"], async (bench) => {
    const { host } = await bench.distribution(users);
    for await (const { step, right, ...ran } of playSession(bench, host, user.password))
      if (!right) throw new Error(`chartroom ${step.args.join(" ")}\n${JSON.stringify(ran, null, 1)}`);
  });

interop(
  "docker-registry with users turns strangers away, and we say so",
  ["docker-registry"],
  async (bench) => {
    const { host } = await bench.distribution([user]);
    const [{ ref }] = await savedCharts(bench, `${host}/charts/mychart`, "0.1.0");
    for (const command of ["push", "pull"]) {
      const { exitCode, stderr } = await bench.run("chartroom", ["chart", command, ref]);
      expect(exitCode).toBe(4);
      expect(stderr).toContain("chartroom registry login");
    }
    const login = ["registry", "login", host, "-u", user.name, "--password-stdin"];
    expect(await bench.run("chartroom", login, { stdin: "wrong" })).toMatchObject({ exitCode: 4 });
    expect(await bench.run("chartroom", ["chart", "push", ref])).toMatchObject({ exitCode: 4 });
    await bench.done("chartroom", login, { stdin: user.password });
    expect(await ours(bench, "chart", "push", ref)).toMatchObject({ status: "pushed" });
    expect(await ours(bench, "chart", "pull", ref)).toMatchObject({ status: "current" });
  },
);

interop(
  "a push to docker-registry does not replace a tag, unless forced",
  ["docker-registry"],
  async (bench) => {
    const { host } = await bench.distribution();
    const [first, second] = await savedCharts(bench, `${host}/charts/mychart`, "0.1.0", "0.2.0");
    const ref = `${host}/charts/mychart:stable`;
    const take = ({ ref: from }: { ref: string }) => bench.done("chartroom", ["chart", "tag", from, ref]);
    await take(first);
    expect(await ours(bench, "chart", "push", ref)).toMatchObject({ status: "pushed" });
    expect(await ours(bench, "chart", "push", ref)).toMatchObject({ status: "exists" });

    await take(second);
    expect(await bench.run("chartroom", ["chart", "push", ref])).toMatchObject({ exitCode: 5 });
    expect(await ours(bench, "chart", "pull", ref)).toMatchObject({
      status: "downloaded",
      digest: first.digest,
    });
    await take(second);
    expect(await ours(bench, "chart", "push", ref, "--force")).toMatchObject({ status: "pushed" });
    await bench.done("chartroom", ["chart", "remove", ref]);
    expect(await ours(bench, "chart", "pull", ref)).toMatchObject({
      status: "downloaded",
      digest: second.digest,
    });
  },
);

interop(
  "what was deleted from docker-registry is not found, and can be pushed again",
  ["docker-registry", "oras"],
  async (bench) => {
    const { host } = await bench.distribution();
    const [chart] = await savedCharts(bench, `${host}/charts/mychart`, "0.1.0");
    await ours(bench, "chart", "push", chart.ref);
    const remove = async (kind: string, digest: string) =>
      bench.done("oras", [kind, "delete", `${host}/charts/mychart@${digest}`, "--force", "--plain-http"]);
    await remove("manifest", chart.manifest.digest);
    expect(await bench.run("chartroom", ["chart", "pull", chart.ref])).toMatchObject({ exitCode: 3 });
    expect(await ours(bench, "chart", "push", chart.ref)).toMatchObject({ status: "pushed" });

    await remove("manifest", chart.manifest.digest);
    await remove("blob", chart.digest);
    expect(await ours(bench, "chart", "push", chart.ref)).toMatchObject({ status: "pushed" });
    await bench.done("chartroom", ["chart", "remove", chart.ref]);
    await bench.done("chartroom", ["chart", "prune"]);
    expect(await ours(bench, "chart", "pull", chart.ref)).toMatchObject({ digest: chart.digest });
  },
);

interop("without a tag we name the tags that docker-registry has", ["docker-registry"], async (bench) => {
  const { host } = await bench.distribution();
  for (const { ref } of await savedCharts(bench, `${host}/charts/mychart`, "0.1.0", "0.2.0+one"))
    await bench.done("chartroom", ["chart", "push", ref]);
  const { exitCode, stderr } = await bench.run("chartroom", ["chart", "pull", `${host}/charts/mychart`]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("0.1.0, 0.2.0_one");
  const missing = await bench.run("chartroom", ["chart", "pull", `${host}/charts/mychart:0.3.0`]);
  expect(missing).toMatchObject({ exitCode: 3, stdout: expect.not.stringContaining("digest") });
});

interop(
  "signed charts keep their .prov through save, push, pull and export over docker-registry",
  ["docker-registry", "helm4", "samples"],
  async (bench) => {
    const { host } = await bench.distribution();
    for (const { name, version, archive, keyring } of await signedCharts(bench)) {
      const ref = `${host}/charts/${name}:${version}`;
      const saved = await ours(bench, "chart", "save", archive, ref);
      const pushed = await bench.done("chartroom", ["chart", "push", ref]);
      expect(pushed).toContain("(2 layers, ");
      await bench.done("chartroom", ["chart", "remove", ref]);
      await bench.done("chartroom", ["chart", "prune"]);
      expect(await ours(bench, "chart", "pull", ref)).toMatchObject({ provenance: saved.provenance });
      const { path = "" } = await ours(bench, "chart", "export", ref, "--archive", "-d", "exported");
      await bench.done("helm4", ["verify", path, "--keyring", keyring]);
    }
  },
);
