import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { play } from "../../testing/context.ts";
import { writeHelper, writeKeychain } from "../../testing/helpers.ts";

let cwd = "";
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "chartroom-explain-"));
});
afterEach(() => rm(cwd, { recursive: true }));

const write = (path: string, config: unknown) =>
  Bun.write(join(cwd, path), typeof config === "string" ? config : JSON.stringify(config));
const auth = (text: string) => ({ auth: Buffer.from(text).toString("base64") });
/** What it prints, with the folder taken out of paths and the blanks out of cells. */
async function explain(...args: string[]) {
  const env = {
    PATH: `${cwd}/bin:/usr/bin:/bin`,
    REGISTRY_AUTH_FILE: join(cwd, "auth.json"),
  };
  const { exitCode, stdout, stderr } = await play(["registry", "login", "--explain", ...args], { cwd, env });
  expect([exitCode, stderr]).toEqual([0, ""]);
  expect(stdout).not.toMatch(/hunter2|aHVudGVyMg|bWU6aHVudGVyMg/);
  return stdout.replaceAll(`${cwd}/`, "").replace(/ +(?=\t)/g, "");
}

test("nobody's login is said to be nobody's", async () => {
  expect(await explain("ghcr.io")).toBe(
    `ghcr.io: no login; requests go as nobody
OWNER\tFILE\tFOUND
Helm\t.config/helm/registry/config.json\tno such file
Helm 3.3 to 3.7\t.config/helm/registry.json\tno such file
Helm 3.0 to 3.2\t.cache/helm/registry/config.json\tno such file
Docker\t.docker/config.json\tno such file
Docker before 1.7\t.dockercfg\tno such file
Podman\tauth.json\tno such file
`,
  );
});

test("it says what is used, and what was passed by and why", async () => {
  await write(".config/helm/registry/config.json", "{");
  await write(".config/helm/registry.json", { auths: { "quay.io": auth("me:hunter2") } });
  await write(".cache/helm/registry/config.json", { credHelpers: { "ghcr.io": "broken" } });
  await writeHelper(join(cwd, "bin"), "broken", "exit 1");
  await write(".docker/config.json", {
    credsStore: "chain",
    auths: { "ghcr.io": {}, "ghcr.io/team": auth("me:hunter2") },
  });
  await writeKeychain(join(cwd, "bin"), "chain");
  await write("auth.json", { auths: { "ghcr.io": auth("other:hunter2") } });
  expect(await explain("ghcr.io/team/mychart")).toBe(
    `ghcr.io/team/mychart: me, with a password
OWNER\tFILE\tFOUND
Helm\t.config/helm/registry/config.json\tpassed by: Cannot parse .config/helm/registry/config.json: it is not JSON in UTF-8
Helm 3.3 to 3.7\t.config/helm/registry.json\tnothing for this registry
Helm 3.0 to 3.2\t.cache/helm/registry/config.json\tpassed by: Cannot use .cache/helm/registry/config.json: docker-credential-broken: it failed (exit 1)
Docker\t.docker/config.json\tused: key "ghcr.io/team"
Docker\t.docker/config.json\tdocker-credential-chain, asked for "ghcr.io": passed by, a login was found before
Docker before 1.7\t.dockercfg\tno such file
Podman\tauth.json\tkey "ghcr.io": passed by, a login was found before
`,
  );
  expect(await readFile(join(cwd, "bin/chain.log"), "utf8").catch(() => "not asked")).toBe("not asked");
  expect(await explain("ghcr.io/other")).toContain(
    'Docker\t.docker/config.json\tdocker-credential-chain, asked for "ghcr.io": it has no login\n',
  );
  expect(await explain("ghcr.io/other")).toContain(
    'Podman\tauth.json\tused: key "ghcr.io", for all of the registry\n',
  );
});

test("-o json says the same, and -q only who", async () => {
  await write(".docker/config.json", { credsStore: "chain" });
  await writeKeychain(join(cwd, "bin"), "chain", { "ghcr.io": ["<token>", "hunter2"] });
  expect(await explain("ghcr.io", "-q")).toBe("a token\n");
  const { looked, ...rest } = JSON.parse(await explain("ghcr.io", "-o", "json"));
  expect(rest).toEqual({
    registry: "ghcr.io",
    path: null,
    login: { username: null, kind: "identity token" },
  });
  expect(looked[3]).toEqual({
    owner: "Docker",
    file: ".docker/config.json",
    outcome: "login",
    key: "ghcr.io",
    helper: "docker-credential-chain",
    fault: null,
  });
});
