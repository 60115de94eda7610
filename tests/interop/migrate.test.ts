import { expect } from "bun:test";
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
