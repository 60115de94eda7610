import { afterEach, expect } from "bun:test";
import { digestOf } from "../../src/oci/digest.ts";
import { parseTag } from "../../src/oci/reference.ts";
import { AnsweringServers } from "../../src/testing/answering.ts";
import { blobOf, imageOf, pushArtifact } from "../../src/testing/artifacts.ts";
import { makeCertificate } from "../../src/testing/certificates.ts";
import { archiveOf, indexOf, rowOf } from "../../src/testing/migrate.ts";
import { testRegistry } from "../../src/testing/registry.ts";
import { onBench, refusalOf } from "./cli.ts";
import { started } from "./serving.ts";

const servers = new AnsweringServers();
afterEach(() => servers.closeAll());

onBench(
  "--mirror serves a classic repository as charts of a registry, and what is kept after a restart",
  async (bench) => {
    const archive = await archiveOf("mychart", "1.2.3");
    let [away, count] = [false, 0];
    const site = servers.serve(({ url }) => {
      count++;
      if (away) return new Response("gone", { status: 503 });
      if (url.endsWith("/charts/index.yaml"))
        return new Response(indexOf([rowOf("mychart", "1.2.3", { digest: digestOf(archive) })]));
      return url.endsWith(".tgz") ? new Response(archive) : new Response("none", { status: 404 });
    });
    const args = ["--addr", "127.0.0.1:0", "--data", "data", "--mirror", `stable=${site}charts`];
    const first = await started(bench, args);
    expect(first.said()).toContain(`stable/ is a mirror of ${site}charts`);
    let pulls = 0;
    const pull = (url: string) => {
      const ref = `${new URL(url).host}/stable/mychart:1.2.3`;
      return bench.done("chartroom", ["chart", "pull", ref, "--store", `store${++pulls}`]);
    };
    expect(await pull(first.url)).toContain(`digest:  ${digestOf(archive).slice(7)}`);
    await first.stop();
    away = true;
    const again = await started(bench, args);
    expect(await pull(again.url)).toContain(`digest:  ${digestOf(archive).slice(7)}`);
    await again.until("HTTP 503");
    expect(await again.stop()).toBe(0);
    const asked = count;
    const resting = await started(bench, args, { REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED: "true" });
    expect(await pull(resting.url)).toContain(`digest:  ${digestOf(archive).slice(7)}`);
    await resting.stop();
    expect(count).toBe(asked);
  },
);

onBench("a mirror of what is no place is refused before anything is made", async (bench) => {
  for (const mirror of [
    "stable",
    "stable=",
    "=https://charts.example.com",
    "Stable=https://charts.example.com",
    "stable=ftp://charts.example.com",
    "stable=https://user:secret@charts.example.com",
    "stable=oci://",
    "stable=oci://charts.example.com/Upper",
  ]) {
    const ran = await bench.run("chartroom", ["registry", "serve", "--data", "data", "--mirror", mirror]);
    expect([mirror, ran.exitCode]).toEqual([mirror, 2]);
    expect(refusalOf(ran).message).toContain("expected NAME=URL");
    expect(ran.stderr).not.toContain("secret");
  }
  const twice = ["--mirror", "a=oci://one.example.com", "--mirror", "a=oci://two.example.com"];
  const ran = await bench.run("chartroom", ["registry", "serve", "--data", "data", ...twice]);
  expect(refusalOf(ran)).toMatchObject({ exitCode: 2, message: expect.stringContaining("two places as a") });
});

onBench(
  "an upstream's certificate is checked, and one's own authority trusted with --ca-file",
  async (bench) => {
    const issuer = makeCertificate({ name: "Test authority", authority: true });
    const { cert, key } = makeCertificate({ name: "localhost", issuer });
    const upstream = testRegistry(undefined, { cert, key });
    servers.closeLater(() => upstream.stop());
    const image = imageOf([blobOf("layer")]);
    await pushArtifact(upstream.repository, image, { tags: [parseTag("latest")], expect: "any" });
    await Bun.write(bench.path("ca.pem"), issuer.cert);
    const args = ["--addr", "127.0.0.1:0", "--mirror", `there=oci://${upstream.host}`, "--plain-http=false"];
    for (const [more, status] of [
      [[], 502],
      [["--ca-file", "ca.pem"], 200],
    ] as const) {
      const server = await started(bench, [...args, "--data", `data${status}`, ...more]);
      expect((await fetch(`${server.url}/v2/there/a/manifests/latest`)).status).toBe(status);
      await server.stop();
      if (status === 502) expect(server.said()).toContain("is signed by an authority");
    }
  },
);
