import { expect } from "bun:test";
import { digestOfFile, ours, signedCharts } from "./charts.ts";
import { helmDigest, helms } from "./helm.ts";
import { interop } from "./support.ts";

for (const helm of helms) {
  interop(
    `signed charts pass between ${helm} and us with their .prov, and verify`,
    [helm, "samples"],
    async (bench) => {
      const { host } = await bench.chartroom();
      for (const { name, version, archive, keyring } of await signedCharts(bench)) {
        const file = `${name}-${version}.tgz`;
        const provenance = await digestOfFile(`${archive}.prov`);

        const digest = await helmDigest(bench, helm, ["push", archive, `oci://${host}/theirs`]);
        const pulled = await ours(bench, "chart", "pull", `${host}/theirs/${name}:${version}`);
        expect(pulled).toMatchObject({ manifest: { digest }, provenance: { digest: provenance } });
        await ours(
          bench,
          "chart",
          "export",
          `${host}/theirs/${name}:${version}`,
          "--archive",
          "-d",
          "archives",
        );
        expect(await digestOfFile(bench.path("archives", file))).toBe(await digestOfFile(archive));
        expect(await digestOfFile(bench.path("archives", `${file}.prov`))).toBe(provenance);
        await bench.done(helm, ["verify", bench.path("archives", file), "--keyring", keyring]);

        const ref = `${host}/ours/${name}:${version}`;
        await ours(bench, "chart", "save", archive, ref);
        await ours(bench, "chart", "push", ref);
        await bench.done(helm, ["pull", `oci://${ref}`, "--prov", "--plain-http"]);
        expect(await digestOfFile(bench.path(file))).toBe(await digestOfFile(archive));
        expect(await digestOfFile(bench.path(`${file}.prov`))).toBe(provenance);
        const verified = [
          "pull",
          `oci://${ref}`,
          "--verify",
          "--keyring",
          keyring,
          "--untar",
          "--untardir",
          "verified",
        ];
        const { stdout, stderr, exitCode } = await bench.run(helm, [...verified, "--plain-http"]);
        expect(stdout + stderr).toContain(`Chart Hash Verified: ${pulled.digest}`);
        expect(exitCode).toBe(0);
      }
    },
  );
}
