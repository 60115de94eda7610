import { afterEach, describe, expect } from "bun:test";
import { makeCertificate } from "../../src/testing/certificates.ts";
import { writeHelper, writeKeychain } from "../../src/testing/helpers.ts";
import { testProxy } from "../../src/testing/proxy.ts";
import { refuse, type Spoil, testRegistry } from "../../src/testing/registry.ts";
import { tokenRegistry } from "../../src/testing/tokens.ts";
import type { Bench } from "../bench.ts";
import { onBench, refusalOf, save } from "./cli.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
const own = <T extends { stop(): unknown }>(made: T): T => {
  closing.push(() => made.stop());
  return made;
};

const auth = (user: string) => ({ auth: btoa(`${user}:secret`) });
const write = (bench: Bench, path: string, config: unknown) =>
  Bun.write(bench.path("home", path), JSON.stringify(config));
/** A registry that lets in `user` alone. */
const closed = (user: string) => {
  const wanted = `Basic ${auth(user).auth}`;
  const guard: Spoil = (request) =>
    request.headers.get("authorization") === wanted
      ? undefined
      : refuse(401, "UNAUTHORIZED", "no", { "www-authenticate": 'Basic realm="r"' });
  return own(testRegistry(guard));
};
/** Save the sample chart for a registry; gives its reference. */
async function chartFor(bench: Bench, host: string): Promise<string> {
  const name = `${host}/team/mychart:0.1.0`;
  await save(bench, name);
  return name;
}

describe("on a machine that other tools were used on", () => {
  onBench(
    "each tool's login is found where that tool keeps it, also when other files are broken",
    async (bench) => {
      const users = ["helm", "helm33", "helm30", "docker", "dockercfg", "podman", "lasting"];
      const hosts = Object.fromEntries(users.map((user) => [user, closed(user).host]));
      const entry = (user: string) => ({ [hosts[user]!]: auth(user) });
      await write(bench, ".config/helm/registry/config.json", { auths: entry("helm") });
      await write(bench, ".config/helm/registry.json", { auths: entry("helm33") });
      await write(bench, ".cache/helm/registry/config.json", { auths: entry("helm30") });
      await write(bench, ".docker/config.json", {
        credHelpers: { [hosts.docker!]: "chain" },
        credsStore: "gone",
      });
      await write(bench, ".dockercfg", entry("dockercfg"));
      await write(bench, "run/containers/auth.json", { auths: entry("podman") });
      await write(bench, ".config/containers/auth.json", { auths: entry("lasting") });
      await writeKeychain(bench.path("bin"), "chain", { [hosts.docker!]: ["docker", "secret"] });
      const env = { PATH: `${bench.path("bin")}:/usr/bin:/bin` };
      for (const user of users) {
        const name = await chartFor(bench, hosts[user]!);
        const { exitCode, stderr } = await bench.run("chartroom", ["chart", "push", name], { env });
        expect([user, exitCode]).toEqual([user, 0]);
        // Docker's store for all hosts is missing: that is told, once, to whoever comes past it.
        const past = ["dockercfg", "podman", "lasting"].includes(user);
        expect(
          stderr.match(/Warning: .*\.docker\/config\.json: docker-credential-gone: it is not on PATH/g) ?? [],
        ).toHaveLength(past ? 1 : 0);
        const explained = await bench.done("chartroom", ["registry", "login", "--explain", hosts[user]!], {
          env,
        });
        expect(explained).toStartWith(`${hosts[user]}: ${user}, with a password\n`);
        expect(explained).not.toContain("secret");
      }
    },
  );

  onBench("a login goes to the named file, and the others stay readable and as they were", async (bench) => {
    const made = closed("me");
    const other = closed("docker");
    await write(bench, ".docker/config.json", { auths: { [other.host]: auth("docker") } });
    const docker = await Bun.file(bench.path("home/.docker/config.json")).text();
    const file = ["--registry-config", "mine/config.json"];
    const login = ["registry", "login", "-u", "me", "--password-stdin", made.host, ...file];
    await bench.done("chartroom", login, { stdin: "secret" });
    for (const { host } of [made, other])
      await bench.done("chartroom", ["chart", "push", await chartFor(bench, host), ...file]);
    expect(await Bun.file(bench.path("mine/config.json")).json()).toEqual({
      auths: { [made.host]: auth("me") },
    });
    expect(await Bun.file(bench.path("home/.docker/config.json")).text()).toBe(docker);
  });

  const broken: [string, string | undefined, string][] = [
    ["missing", undefined, "it is not on PATH"],
    ["printing rubbish", "echo 'Segmentation fault'", "its answer is no JSON object"],
    ["failing", "echo 'no display'; exit 1", '"no display"'],
    ["flooding", "yes", "it printed more than 64 KiB"],
  ];
  for (const [what, script, says] of broken)
    onBench(`a helper that is ${what} is a warning, and what is public is pulled`, async (bench) => {
      const made = own(tokenRegistry());
      const name = await chartFor(bench, made.host);
      await bench.done("chartroom", ["chart", "push", name]);
      await bench.done("chartroom", ["chart", "remove", name]);
      await write(bench, ".docker/config.json", { credsStore: "desktop" });
      if (script !== undefined) await writeHelper(bench.path("bin"), "desktop", script);
      const env = { PATH: `${bench.path("bin")}:/usr/bin:/bin` };
      const { exitCode, stdout, stderr } = await bench.run("chartroom", ["chart", "pull", name], { env });
      expect(exitCode).toBe(0);
      expect(stdout).toContain("Status: Downloaded newer chart");
      const file = bench.path("home/.docker/config.json");
      expect(stderr).toContain(`Warning: Cannot use ${file}: docker-credential-desktop: ${says}\n`);
      // Who must be logged in is told so.
      const refused = await bench.run("chartroom", ["chart", "pull", `${closed("me").host}/a/b:1`], { env });
      expect(refusalOf(refused)).toMatchObject({
        exitCode: 4,
        message: expect.stringContaining("asks for a login"),
      });
    });

  onBench("without anything to read a password from, login says what to do", async (bench) => {
    const { host } = closed("me");
    const refused = refusalOf(await bench.run("chartroom", ["registry", "login", "-u", "me", host]));
    expect(refused).toMatchObject({ exitCode: 2, hint: "Use --username USER and --password-stdin." });
  });
});

onBench("a push asks for a token to push at once: Quay has no repository before", async (bench) => {
  const made = own(tokenRegistry());
  await bench.done("chartroom", ["chart", "push", await chartFor(bench, made.host)]);
  expect(made.asked.map(({ scopes }) => scopes)).toEqual([["repository:team/mychart:pull,push"]]);
});

describe("behind a proxy", () => {
  const name = "registry.example.test";

  onBench("that wants a password, over http and https", async (bench) => {
    const authority = makeCertificate({ name: "Test authority", authority: true });
    const { cert, key } = makeCertificate({ name, issuer: authority });
    await Bun.write(bench.path("ca.pem"), authority.cert);
    const ways = [
      { made: own(testRegistry()), flags: ["--plain-http"], scheme: "http" },
      { made: own(testRegistry(undefined, { cert, key })), flags: ["--ca-file", "ca.pem"], scheme: "https" },
    ];
    for (const { made, flags, scheme } of ways) {
      const proxy = own(await testProxy(Number(new URL(made.origin).port)));
      const env = { [`${scheme.toUpperCase()}_PROXY`]: proxy.url };
      const ref = await chartFor(bench, name);
      await bench.done("chartroom", ["chart", "push", ref, ...flags], { env });
      await bench.done("chartroom", ["chart", "pull", ref, ...flags], { env });
      expect(proxy.asked.length).toBeGreaterThan(0);
      const through = scheme === "http" ? `http://${name}/v2/` : `CONNECT ${name}:443`;
      expect(proxy.asked.every((line) => line.includes(through))).toBe(true);

      const wrong = { [`${scheme.toUpperCase()}_PROXY`]: proxy.url.replace(":pass@", ":wrong@") };
      const refused = await bench.run("chartroom", ["chart", "pull", ref, ...flags], { env: wrong });
      expect(refused.exitCode).toBe(7);
      expect(refused.stderr).toContain("the proxy");
      expect(refused.stderr).not.toContain("wrong");
    }
  });
});

describe("over https", () => {
  onBench("a self-signed registry is refused until its certificate is trusted", async (bench) => {
    const { cert, key } = makeCertificate({ name: "localhost" });
    const made = own(testRegistry(undefined, { cert, key }));
    await Bun.write(bench.path("ca.pem"), cert);
    const ref = await chartFor(bench, made.host);
    const push = (...flags: string[]) => bench.run("chartroom", ["chart", "push", ref, ...flags]);
    const refused = refusalOf(await push("--plain-http=false"));
    expect(refused).toMatchObject({ exitCode: 7, message: expect.stringContaining("self-signed") });
    expect(refused.hint).toContain("--ca-file");
    expect((await push("--ca-file", "ca.pem")).exitCode).toBe(0);
    expect((await push("--plain-http=false", "--insecure-skip-tls-verify")).exitCode).toBe(0);
  });

  onBench(
    "a registry that wants a certificate of its clients gets it, and no one without is let in",
    async (bench) => {
      const authority = makeCertificate({ name: "Test authority", authority: true });
      const server = makeCertificate({ name: "localhost", issuer: authority });
      const tls = {
        cert: server.cert,
        key: server.key,
        ca: authority.cert,
        requestCert: true,
        rejectUnauthorized: true,
      };
      const made = own(testRegistry(undefined, tls));
      const stranger = makeCertificate({ name: "client" });
      const client = makeCertificate({ name: "client", issuer: authority });
      await Bun.write(bench.path("ca.pem"), authority.cert);
      for (const [file, pem] of Object.entries({ client, stranger })) {
        await Bun.write(bench.path(`${file}.pem`), pem.cert);
        await Bun.write(bench.path(`${file}.key`), pem.key);
      }
      const trust = ["--ca-file", "ca.pem"];
      const as = (who: string) => [...trust, "--cert-file", `${who}.pem`, "--key-file", `${who}.key`];
      const ref = await chartFor(bench, made.host);
      for (const flags of [trust, as("stranger")]) {
        const refused = await bench.run("chartroom", ["chart", "push", ref, ...flags]);
        expect(refused.exitCode).toBe(7);
        expect(made.requests).toEqual([]);
      }
      const login = ["registry", "login", made.host, "-u", "me", "--password-stdin", ...as("client")];
      await bench.done("chartroom", login, { stdin: "secret" });
      await bench.done("chartroom", ["chart", "push", ref, ...as("client")]);
      await bench.done("chartroom", ["chart", "remove", ref]);
      await bench.done("chartroom", ["chart", "pull", ref, ...as("client")]);
    },
  );
});
