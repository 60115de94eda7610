import { expect } from "bun:test";
import { digestOfFile, ours, savedCharts } from "./charts.ts";
import { helms, user } from "./helm.ts";
import { secure } from "./secure.ts";
import { interop } from "./support.ts";

for (const helm of helms)
  interop(`${helm} and we trade over https, under an authority of our own`, [helm], async (bench) => {
    const { host, authority } = await secure(bench);
    const trust = ["--ca-file", authority];
    const login = ["registry", "login", host, "-u", user.name, "--password-stdin"];
    expect(
      await bench.run("chartroom", [...login, "--plain-http=false"], { stdin: user.password }),
    ).toMatchObject({ exitCode: 7 });
    expect((await bench.run(helm, login, { stdin: user.password })).exitCode).not.toBe(0);
    await bench.done(helm, [...login, ...trust], { stdin: user.password });
    await bench.done("chartroom", [...login, ...trust], { stdin: user.password });

    const [{ ref, digest }] = await savedCharts(bench, `${host}/charts/mychart`, "0.1.0");
    await ours(bench, "chart", "push", ref, ...trust);
    await bench.done(helm, ["pull", `oci://${ref}`, ...trust]);
    expect(await digestOfFile(bench.path("mychart-0.1.0.tgz"))).toBe(digest);
    await bench.done(helm, ["push", "mychart-0.1.0.tgz", `oci://${host}/theirs`, ...trust]);
    const theirs = `${host}/theirs/mychart:0.1.0`;
    expect(await ours(bench, "chart", "pull", theirs, ...trust)).toMatchObject({ digest });
    const insecure = "--insecure-skip-tls-verify";
    expect(await ours(bench, "chart", "pull", theirs, "--plain-http=false", insecure)).toMatchObject({
      digest,
    });
  });

interop("oras and crane read over https what we pushed", ["oras", "crane"], async (bench) => {
  const { host, authority } = await secure(bench);
  const trust = ["--ca-file", authority, "--plain-http=false"]; // oras speaks http to localhost
  const login = ["login", host, "-u", user.name, "--password-stdin"];
  await bench.done("oras", [...login, ...trust], { stdin: user.password });
  const [{ ref, manifest }] = await savedCharts(bench, `${host}/charts/mychart`, "0.1.0");
  await ours(bench, "chart", "push", ref, ...trust);
  expect((await bench.done("oras", ["resolve", ref, ...trust])).trim()).toBe(manifest.digest);
  const env = { SSL_CERT_FILE: authority };
  expect((await bench.done("crane", ["digest", ref], { env })).trim()).toBe(manifest.digest);
});
