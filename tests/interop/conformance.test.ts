// The official suite of distribution-spec against our binary. It reads its settings from the environment (its config.go):
// what is off by default there is on here, so that nothing is left out.
import { expect } from "bun:test";
import { user } from "./helm.ts";
import { behindNginx, secure } from "./secure.ts";
import { type Bench, interop } from "./support.ts";

const everything = {
  OCI_API_BLOBS_DIGEST_HEADER: "true",
  OCI_API_BLOBS_MOUNT_ANONYMOUS: "true",
  OCI_API_BLOBS_UPLOAD_CANCEL: "true",
  OCI_API_MANIFESTS_DIGEST_HEADER: "true",
  OCI_API_MANIFESTS_TAG_PARAM: "true",
};
const sparse = { OCI_DATA_SPARSE: "true" };
const acceptMissing = { REGISTRY_VALIDATION_MANIFESTS_MISSING: "accept" };
const plain = { OCI_TLS: "disabled" };

/**
 * Run the suite and see that all of it passed. The numbers are its JUnit file's; a count of nothing is left out there.
 * @param registry `HOST:PORT`, and a path prefix where there is one
 */
async function expectConformance(bench: Bench, registry: string, env: Record<string, string>): Promise<void> {
  const results = bench.path("results");
  const { stdout, stderr } = await bench.run("conformance", [], {
    env: { ...everything, OCI_REGISTRY: registry, OCI_RESULTS_DIR: results, ...env },
  });
  const junit = await Bun.file(`${results}/junit.xml`).text();
  const [whole = ""] = /<testsuite [^>]*>/.exec(junit) ?? [];
  const count = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(whole)?.[1] ?? 0);
  const counts = ["failures", "errors", "skipped", "disabled"].map((name) => [name, count(name)]);
  const passed = junit.match(/<testcase [^>]*status="passed"/g)?.length ?? 0;
  if (counts.some(([, number]) => number !== 0)) console.error(`${stdout}${stderr}`);
  expect(Object.fromEntries(counts)).toEqual({ failures: 0, errors: 0, skipped: 0, disabled: 0 });
  // The suite makes 986 checks of a registry that refuses sparse images; fewer would mean that something was left out.
  expect(count("tests")).toBeGreaterThanOrEqual(986);
  expect(passed).toBeGreaterThan(0);
  expect(junit).not.toMatch(/<testcase [^>]*status="(?!passed")/);
}

for (const version of ["1.1", "dev"]) {
  interop(`the suite of distribution-spec ${version} passes as we ship`, ["conformance"], async (bench) => {
    const { host } = await bench.chartroom();
    await expectConformance(bench, host, { ...plain, OCI_VERSION: version });
  });

  interop(
    `the suite of distribution-spec ${version} passes with sparse data, where missing content is accepted`,
    ["conformance"],
    async (bench) => {
      const { host } = await bench.chartroom([], acceptMissing);
      await expectConformance(bench, host, { ...plain, ...sparse, OCI_VERSION: version });
    },
  );
}

const login = { OCI_USERNAME: user.name, OCI_PASSWORD: user.password };

interop("the suite passes behind htpasswd", ["conformance"], async (bench) => {
  const { host } = await bench.chartroom([user]);
  await expectConformance(bench, host, { ...plain, ...login, OCI_VERSION: "dev" });
});

interop(
  "the suite passes where rules let its user do so much and no more",
  ["conformance"],
  async (bench) => {
    const rule = { pull: [user.name], push: [user.name], delete: [user.name] };
    const access = { repositories: { "**": { pull: [] }, "conformance/**": rule } };
    const { host } = await bench.chartroom([user], { REGISTRY_ACCESS: JSON.stringify(access) });
    await expectConformance(bench, host, { ...plain, ...login, OCI_VERSION: "dev" });
  },
);

interop("the suite passes over TLS, behind htpasswd", ["conformance"], async (bench) => {
  const { host, authority } = await secure(bench);
  await expectConformance(bench, host, { ...login, OCI_VERSION: "dev", SSL_CERT_FILE: authority });
});

const prefix = { REGISTRY_HTTP_PREFIX: "/team/charts/" };

interop("the suite passes below a path prefix", ["conformance"], async (bench) => {
  const { host } = await bench.chartroom([], prefix);
  await expectConformance(bench, `${host}/team/charts`, { ...plain, OCI_VERSION: "dev" });
});

interop(
  "the suite passes below a path prefix of nginx, which speaks TLS before us",
  ["conformance", "nginx"],
  async (bench) => {
    // Without a login: with one, the suite itself cannot make out the repository behind a prefix.
    const { host, authority } = await behindNginx(bench, await bench.chartroom([], prefix));
    const env = { OCI_VERSION: "dev", SSL_CERT_FILE: authority };
    await expectConformance(bench, `${host}/team/charts`, env);
  },
);

interop(
  "the suite passes behind nginx with whole URLs, which are those that nginx says",
  ["conformance", "nginx"],
  async (bench) => {
    const registry = await bench.chartroom([user], {
      REGISTRY_HTTP_RELATIVEURLS: "false",
      REGISTRY_HTTP_TRUSTEDPROXIES_0: "127.0.0.1",
    });
    const { host, authority } = await behindNginx(bench, registry);
    const opened = await fetch(`https://${host}/v2/a/blobs/uploads/`, {
      method: "POST",
      headers: {
        authorization: `Basic ${Buffer.from(`${user.name}:${user.password}`).toString("base64")}`,
      },
      tls: { ca: await Bun.file(authority).text() },
    });
    expect(opened.headers.get("location")).toStartWith(`https://${host}/v2/a/blobs/uploads/`);
    await expectConformance(bench, host, { ...login, OCI_VERSION: "dev", SSL_CERT_FILE: authority });
  },
);
