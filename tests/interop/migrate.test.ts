import { expect } from "bun:test";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { samples } from "../../src/testing/samples.ts";
import { digestOfFile } from "./charts.ts";
import { helms } from "./helm.ts";
import { interop } from "./support.ts";

const folder = samples() ?? "";

for (const helm of helms) {
  interop(
    `what was migrated ${helm} finds by a range and pulls, to the byte`,
    [helm, "samples"],
    async (bench) => {
      const { host } = await bench.chartroom();
      const keda = join(folder, "keda");
      await bench.done("chartroom", ["migrate", keda, `${host}/charts`]);
      const reference = `oci://${host}/charts/keda`;
      await bench.done(helm, ["pull", reference, "--plain-http", "--version", "~2.17"]);
      expect(await digestOfFile(bench.path("keda-2.17.3.tgz"))).toBe(
        await digestOfFile(join(keda, "keda-2.17.3.tgz")),
      );
      const shown = await bench.done(helm, [
        "show",
        "chart",
        reference,
        "--plain-http",
        "--version",
        "2.14.3",
      ]);
      expect(shown).toContain("version: 2.14.3");
    },
  );

  interop(`a signature that was migrated ${helm} verifies`, [helm, "samples"], async (bench) => {
    const { host } = await bench.chartroom();
    const signed = join(folder, "helm-fixtures/signed");
    await bench.done("chartroom", ["migrate", signed, `${host}/charts`]);
    await bench.done(helm, [
      ...["pull", `oci://${host}/charts/signtest`, "--plain-http", "--version", "0.1.0"],
      ...["--verify", "--keyring", join(signed, "helm-test-key.pub")],
    ]);
  });
}

for (const helm of helms)
  interop(
    `dependencies that were rewritten ${helm} builds, with the lock that they have`,
    [helm],
    async (bench) => {
      const { host } = await bench.chartroom();
      const served = bench.path("site");
      await mkdir(served, { recursive: true });
      const site = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        async fetch(request) {
          const file = Bun.file(join(served, new URL(request.url).pathname));
          return (await file.exists()) ? new Response(file) : new Response(null, { status: 404 });
        },
      });
      try {
        const url = `http://127.0.0.1:${site.port}`;
        const chart = async (name: string, more = "") => {
          await mkdir(bench.path(name), { recursive: true });
          const yaml = `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n${more}`;
          await writeFile(bench.path(`${name}/Chart.yaml`), yaml);
        };
        const index = () => bench.done(helm, ["repo", "index", served]);
        await chart("child");
        await bench.done(helm, ["package", bench.path("child"), "-d", served]);
        await index();
        await chart("parent", `dependencies:\n- {name: child, version: "1.x.x", repository: "${url}"}\n`);
        await bench.done(helm, ["dependency", "update", bench.path("parent")]);
        await bench.done(helm, ["package", bench.path("parent"), "-d", served]);
        await index();
        await bench.done("chartroom", ["migrate", url, `${host}/charts`, "--rewrite-dependencies"]);
        await site.stop(true);
        const whole = ["--untar", "--untardir", bench.path("out"), "--plain-http"];
        await bench.done(helm, ["pull", `oci://${host}/charts/parent`, ...whole]);
        await rm(bench.path("out/parent/charts"), { recursive: true });
        await bench.done(helm, ["dependency", "build", bench.path("out/parent"), "--plain-http"]);
        expect(await Bun.file(bench.path("out/parent/charts/child-1.0.0.tgz")).exists()).toBe(true);
      } finally {
        await site.stop(true);
      }
    },
  );

interop(
  "what Helm pushed of the very archive is a conflict that is said, and left alone or replaced as asked",
  ["helm4", "samples"],
  async (bench) => {
    const { host } = await bench.chartroom();
    const keda = join(folder, "keda");
    await bench.done("helm4", [
      "push",
      join(keda, "keda-2.17.2.tgz"),
      `oci://${host}/charts`,
      "--plain-http",
    ]);
    const args = ["migrate", keda, `${host}/charts`, "--chart", "keda", "--versions", "2.17.2"];
    const refused = await bench.run("chartroom", args);
    expect(refused.exitCode).toBe(1);
    expect(refused.stdout).toContain("The tag 2.17.2 holds the same archive in another manifest");
    expect(await bench.done("chartroom", [...args, "--on-conflict", "skip"])).toContain(
      "left out, its tag holds the same archive in another manifest",
    );
    expect(await bench.done("chartroom", [...args, "--on-conflict", "overwrite"])).toContain("1 migrated");
    expect(await bench.done("chartroom", args)).toContain("1 already there");
  },
);
